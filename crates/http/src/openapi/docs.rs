//! Swagger UI at `/docs`, from files inside the binary. Its own start script is replaced by ours,
//! which sends the CSRF token of the readable cookie with "Try it out", and does not fill in
//! parameters that nobody has asked for.

use std::sync::Arc;

use actix_web::{
    HttpResponse, get,
    http::header::{self, ContentEncoding},
    web,
};
use utoipa_swagger_ui::Config;

use crate::problem::Problem;

/// `/docs` without a slash would make the page's relative addresses point beside it.
#[get("/docs")]
pub(crate) async fn enter() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((header::LOCATION, "/docs/")).finish()
}

#[get("/docs/{file:.*}")]
pub(crate) async fn file(name: web::Path<String>) -> Result<HttpResponse, Problem> {
    if *name == "swagger-initializer.js" {
        return Ok(HttpResponse::Ok().content_type("text/javascript").body(START));
    }
    let served = utoipa_swagger_ui::serve(&name, Arc::new(Config::from(DOCUMENT)));
    let file =
        served.map_err(|error| Problem::internal(&*error))?.ok_or_else(Problem::not_found)?;
    let mut answer = HttpResponse::Ok();
    if file.gzpipped {
        answer.insert_header(ContentEncoding::Gzip);
    }
    Ok(answer.content_type(file.content_type).body(file.bytes.into_owned()))
}

const DOCUMENT: &str = "/api/openapi.json";

const START: &str = r##"window.onload = function () {
  const csrfToken = () => {
    const found = document.cookie.match(/(?:^|; )(?:__Host-)?almoner_csrf=([^;]*)/);
    return found ? found[1] : undefined;
  };
  // "Try it out" would send every example: the filters, the cursor and the key of other requests.
  const explainInstead = (parameter) => {
    if (parameter.required || parameter.example === undefined) return;
    parameter.description += ` For instance \`${parameter.example}\`.`;
    delete parameter.example;
  };
  const documentUrl = "/api/openapi.json";
  window.ui = SwaggerUIBundle({
    url: documentUrl,
    dom_id: "#swagger-ui",
    deepLinking: true,
    presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
    plugins: [SwaggerUIBundle.plugins.DownloadUrl],
    layout: "StandaloneLayout",
    validatorUrl: null,
    requestInterceptor: (request) => {
      const token = csrfToken();
      const changes = !["GET", "HEAD", "OPTIONS"].includes((request.method || "GET").toUpperCase());
      if (token && changes) request.headers["X-CSRF-Token"] = token;
      return request;
    },
    responseInterceptor: (response) => {
      if (new URL(response.url, location.href).pathname !== documentUrl) return response;
      const contract = JSON.parse(response.text);
      Object.values(contract.paths)
        .flatMap((item) => Object.values(item))
        .flatMap((operation) => operation.parameters ?? [])
        .forEach(explainInstead);
      response.text = JSON.stringify(contract);
      return response;
    },
  });
};
"##;
