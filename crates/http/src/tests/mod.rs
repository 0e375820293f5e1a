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
mod headers;
mod house;
mod kinds;
mod languages;
mod live;
mod mock;
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
