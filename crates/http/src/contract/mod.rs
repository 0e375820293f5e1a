//! What is promised: the OpenAPI document with its checks ([`openapi`]), and a server that answers from it
//! alone ([`mock`]).

pub mod mock;
pub mod openapi;
