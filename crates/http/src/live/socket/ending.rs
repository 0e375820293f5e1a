//! Why a socket is closed, and how it is said.

use std::io;

use actix_ws::{CloseCode, CloseReason, ProtocolError};

use crate::live::tickets::End;

/// Why a socket is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The client said that it goes.
    Left,
    /// The connection is lost: there is nobody to tell.
    Lost,
    /// The session is over.
    LoggedOut,
    /// The user may see more, or less, than before.
    RightsChanged,
    /// The server stops.
    Stopping,
    /// Nothing is heard of the client, not even an answer to a ping.
    Silent,
    /// The client takes too long to read what it is told.
    TooSlow,
    /// The client went on although it was told that it says too much.
    Flood,
    /// A message is too long.
    TooLong,
    /// A message is not text.
    Binary,
    /// A message is not UTF-8.
    NotUtf8,
    /// It is not the protocol.
    Protocol,
}

impl Ending {
    /// The code of the last message, and the reason in the close frame.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Lost => "lost",
            Self::LoggedOut => "unauthenticated",
            Self::RightsChanged => "rights_changed",
            Self::Stopping => "stopping",
            Self::Silent => "silent",
            Self::TooSlow => "too_slow",
            Self::Flood => "rate_limited",
            Self::TooLong => "payload_too_large",
            Self::Binary => "not_text",
            Self::NotUtf8 => "not_utf8",
            Self::Protocol => "protocol",
        }
    }

    /// The number in the close frame (RFC 6455, 7.4.1; 4401 and 4403 are ours, after 401 and 403).
    pub(crate) const fn number(self) -> u16 {
        match self {
            Self::Left | Self::Lost => 1000,
            Self::Stopping => 1001,
            Self::Protocol => 1002,
            Self::Binary => 1003,
            Self::NotUtf8 => 1007,
            Self::Silent | Self::Flood => 1008,
            Self::TooLong => 1009,
            Self::TooSlow => 1013,
            Self::LoggedOut => 4401,
            Self::RightsChanged => 4403,
        }
    }

    /// True when there is somebody to tell why.
    pub(crate) const fn is_told(self) -> bool {
        !matches!(self, Self::Left | Self::Lost)
    }

    /// What the close frame says.
    pub(crate) fn reason(self) -> CloseReason {
        let code = CloseCode::from(self.number());
        CloseReason { code, description: self.is_told().then(|| self.code().to_owned()) }
    }
}

impl From<End> for Ending {
    fn from(end: End) -> Self {
        match end {
            End::LoggedOut => Self::LoggedOut,
            End::RightsChanged => Self::RightsChanged,
        }
    }
}

impl From<&ProtocolError> for Ending {
    fn from(error: &ProtocolError) -> Self {
        match error {
            ProtocolError::Overflow => Self::TooLong,
            ProtocolError::Io(error) if error.kind() == io::ErrorKind::InvalidData => Self::NotUtf8,
            // Fragments that are too long together; or the connection is lost, and nobody hears it.
            ProtocolError::Io(_) => Self::TooLong,
            _ => Self::Protocol,
        }
    }
}
