//! What every storage port promises, on both databases, from one list of cases.

mod anew;
mod catalog;
mod clock;
mod collations;
mod commit;
mod compared;
mod epochs;
mod erased;
mod events;
mod housekeeping;
mod identity;
mod jobs;
mod logins;
mod mails;
mod roles;
mod sessions;
mod summary;
mod tampering;
mod totals;
mod trail;
mod users;
mod webhooks;
mod worker;
