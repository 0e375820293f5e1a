//! Tests of the rules and use cases. What a test does not announce to a port, the port refuses.

mod answers;
mod campaigns;
mod collisions;
mod donations;
mod donors;
mod errors;
mod fixtures;
mod mocks;
mod permissions;
mod rules;
mod scopes;
mod stale;
mod states;
mod steps;
mod trash;
