//! The parameters of a kind's list, read from its description.

use actix_web::{HttpRequest, web::Data};
use almoner_kernel::{Fields, PageRequest, Trash, fault::Unfit};
use almoner_records::{
    Query, Served,
    query::{order, parameters, searched, tests},
};

use super::chosen::{Chosen, FIELDS};
use crate::{
    kit::{
        problem::Problem,
        query::{Given, ListAddress, PageParams, page_request},
    },
    site::Site,
};

/// A list of a kind: what it shows, and which page.
pub(crate) struct KindList {
    pub(crate) query: Query,
    pub(crate) page: PageRequest,
    pub(crate) address: ListAddress,
    pub(crate) chosen: Chosen,
}

impl KindList {
    /// The list a request asks for.
    ///
    /// # Errors
    /// 400 with every wrong parameter.
    pub(crate) fn of(req: &HttpRequest, served: &dyn Served) -> Result<Self, Problem> {
        let site = req.app_data::<Data<Site>>().ok_or_else(Problem::not_found)?;
        Self::read(&site.cursor_key, req.path(), Given::of(req)?, served)
    }

    /// The list at an address that is asked for within something else.
    ///
    /// # Errors
    /// As the same request would be answered.
    pub(crate) fn of_address(
        key: &[u8; 32],
        path: &str,
        query: &str,
        served: &dyn Served,
    ) -> Result<Self, Problem> {
        Self::read(key, path, Given::parse_all(query, false)?, served)
    }

    fn read(
        key: &[u8; 32],
        path: &str,
        given: Given,
        served: &dyn Served,
    ) -> Result<Self, Problem> {
        let kind = served.kind();
        let own = parameters(kind).into_iter().map(|parameter| parameter.name);
        let q = kind.is_searched().then_some("q");
        let names = own.chain(["deleted", "sort", FIELDS].into_iter().chain(q).map(str::to_owned));
        let mut fields = given.known_among(names.collect());
        let tests = tests(kind, |name| given.first(name), served.terms(), &mut fields);
        let order = fields.optional("sort", given.first("sort"), |text| order(kind, &text));
        let q = fields.optional("q", given.first("q").filter(|_| q.is_some()), |q| searched(&q));
        let trash = trash(&given, &mut fields);
        let query = Query { tests, q, trash, order: order.unwrap_or_default() };
        let chosen = Chosen::of(kind, &given, &mut fields);
        let params: PageParams = given.parse(&mut fields).unwrap_or_default();
        let address = ListAddress::of(key, path, given);
        let page = page_request(params, &address, &mut fields);
        let query = fields.finish(Some(query)).map_err(Problem::bad_parameters)?;
        Ok(Self { query, page, address, chosen })
    }
}

/// Which side of the trash a request asks for.
pub(super) fn trash(given: &Given, fields: &mut Fields) -> Trash {
    let side = fields.optional("deleted", given.first("deleted"), |side| match &*side {
        "only" => Ok(Trash::Only),
        _ => Err(Unfit::new("choice", almoner_kernel::words::choice(&["only"]))),
    });
    side.unwrap_or_default()
}
