//! The HTTP layer over a resource made for the purpose: everything a real resource relies on.

mod accept;
mod accounts;
mod answers;
mod bodies;
mod clients;
mod concurrency;
mod cursors;
mod documents;
mod forgery;
mod giving;
mod headers;
mod house;
mod languages;
mod live;
mod problems;
mod queries;
mod quotas;
mod replays;
mod rooms;
mod sockets;
mod telemetry;
mod texts;
mod trail;
mod widgets;
