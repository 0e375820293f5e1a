//! What every storage port promises, on both databases, from one list of cases.

mod campaigns;
mod clock;
mod commit;
mod donations;
mod donors;
mod filters;
mod housekeeping;
mod identity;
mod jobs;
mod logins;
mod mails;
mod paging;
mod roles;
mod scopes;
mod search;
mod sessions;
mod summary;
mod tampering;
mod totals;
mod trail;
mod trash;
mod users;
mod webhooks;
mod worker;
