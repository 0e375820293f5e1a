//! Swagger UI at `/docs`, from files inside the binary. Its page and its start script are replaced by
//! ours: the script sends the CSRF token of the readable cookie with "Try it out", does not fill in
//! parameters that nobody has asked for, and waits for no answer that does not end.

use std::sync::Arc;

use actix_web::{
    HttpResponse, get,
    http::header::{self, ContentEncoding},
    web,
};
use utoipa_swagger_ui::Config;

use crate::kit::problem::Problem;

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
    if ["", "index.html"].contains(&name.as_str()) {
        return Ok(HttpResponse::Ok().content_type("text/html; charset=utf-8").body(PAGE));
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

/// The page of Swagger UI with a title of ours.
const PAGE: &str = r##"<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="UTF-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Almoner API</title>
    <link rel="stylesheet" type="text/css" href="./swagger-ui.css">
    <link rel="stylesheet" type="text/css" href="./index.css">
    <link rel="icon" type="image/png" href="./favicon-32x32.png" sizes="32x32">
    <link rel="icon" type="image/png" href="./favicon-16x16.png" sizes="16x16">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="./swagger-ui-bundle.js" charset="UTF-8"></script>
    <script src="./swagger-ui-standalone-preset.js" charset="UTF-8"></script>
    <script src="./swagger-initializer.js" charset="UTF-8"></script>
  </body>
</html>
"##;

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
  const logInFirst =
    "**To try things out, log in first:** open `POST /api/v1/auth/login` below *auth*, press " +
    "*Try it out* and *Execute*. The browser keeps the session, and this page sends the CSRF token " +
    "by itself; *Authorize* is not needed. Lists are asked for as JSON here: follow a stream with " +
    "`curl -N -H 'Accept: text/event-stream'`.\n\n";
  const stream = "text/event-stream";
  // What does not end, or is no answer, is not tried out: the page would wait for it.
  const endless = new Set();
  const learn = (path, method, { responses }) => {
    const media = Object.keys(responses["200"]?.content ?? {});
    const isStream = media.includes(stream) && media.length === 1;
    if (isStream || responses["101"]) endless.add(`${method} ${path}`);
  };
  const untried = () => ({
    statePlugins: {
      spec: {
        wrapSelectors: {
          allowTryItOutFor: (original) => (state, path, method) =>
            !endless.has(`${method} ${path}`) && original(state, path, method),
        },
      },
    },
  });
  const documentUrl = "/api/openapi.json";
  window.ui = SwaggerUIBundle({
    url: documentUrl,
    dom_id: "#swagger-ui",
    deepLinking: true,
    docExpansion: "none",
    filter: true,
    presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
    plugins: [SwaggerUIBundle.plugins.DownloadUrl, untried],
    layout: "StandaloneLayout",
    validatorUrl: null,
    requestInterceptor: (request) => {
      const token = csrfToken();
      const changes = !["GET", "HEAD", "OPTIONS"].includes((request.method || "GET").toUpperCase());
      if (token && changes) request.headers["X-CSRF-Token"] = token;
      if (request.headers?.accept === stream) request.headers.accept = "application/json";
      return request;
    },
    responseInterceptor: (response) => {
      if (new URL(response.url, location.href).pathname !== documentUrl) return response;
      const contract = JSON.parse(response.text);
      // Where the page is, also when the public address is another one.
      contract.servers = [{ url: "/" }];
      contract.info.description = logInFirst + contract.info.description;
      for (const [path, item] of Object.entries(contract.paths)) {
        for (const [method, operation] of Object.entries(item)) {
          learn(path, method, operation);
          (operation.parameters ?? []).forEach(explainInstead);
        }
      }
      response.text = JSON.stringify(contract);
      return response;
    },
  });
};
"##;
