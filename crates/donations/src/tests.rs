//! Tests of the rules and use cases.
