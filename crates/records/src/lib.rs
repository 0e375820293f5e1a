//! A kind of record is described once: a plain struct with `#[derive(Record)]`, and its rules.
//!
//! The derive makes a [`Kind`] of it, which is data, and the few functions that need the type. Storage,
//! the HTTP operations, the contract, live lists, history, batches, the trash, searches and the tests
//! that every kind shares are interpreters of that data, each written once, in the crate it belongs to.
//! What a type of value means stands in its `impl` [`Value`] and holds for every field of that type.
//!
//! Three other ways were built for 38 kinds with 746 fields and measured: one macro over everything
//! (61 lines for a campaign, but no formatting, weak completion, and a mistyped flag compiles), a derive
//! for each layer (125 lines, 13 s to compile), services with types only (640 lines). This one takes 66
//! lines and 4 s, its errors point at the field, and a domain stays free of serialisers and tables.

// What the derive writes names this crate, within it as well.
extern crate self as almoner_records;

pub mod error;
pub mod form;
pub mod kind;
pub mod parts;
pub mod people;
pub mod plain;
pub mod ports;
pub mod query;
pub mod record;
pub mod reference;
pub mod registry;
pub mod served;
pub mod service;
pub mod slot;
pub mod steps;
pub mod summing;
pub mod value;
pub mod values;
pub mod words;

// For what the derive writes.
#[doc(hidden)]
pub use almoner_kernel as kernel;
pub use almoner_records_derive::{PartOf, Record, Words};
pub use error::RecordError;
pub use form::{Form, Json, Part};
pub use kind::{Counter, Example, Fallback, Field, Kind, Permissions, Rows, Span};
pub use parts::{Listed, Numbered, Parts};
// The trait has the name of its derive.
pub use chrono_tz::Tz;
pub use parts::PartOf;
pub use people::{Belonging, User};
pub use plain::{Body, Plain, Shown};
pub use ports::{Child, Repository, Unit};
pub use query::{Order, Parameter, Query, Test};
pub use record::{
    Alike, Created, Guarded, Kept, Made, Now, Record, Refusal, Related, Rules, Shape,
};
pub use reference::{Link, Names, Ref, Target};
pub use registry::Registry;
pub use served::{AnyRecord, Served};
pub use service::{Changed, Effect, Records};
pub use slot::Slot;
#[doc(hidden)]
pub use steps::steps_of;
pub use steps::{By, Reason, Step};
pub use summing::{Grouping, Summing};
pub use value::{Cells, Column, Columns, Drawn, Filtering, Holds, Key, Show, Terms, Value};
pub use values::{Line, Sealed, Serial, Text, Word};

#[cfg(test)]
mod tests;
