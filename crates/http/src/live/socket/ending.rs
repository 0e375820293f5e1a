//! Why a socket is closed, and how it is said.

use std::io;

use actix_web::error::PayloadError;
use actix_ws::{CloseCode, CloseReason, ProtocolError};

use super::frames::Breach;
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
    /// The client says too much.
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
            Self::Flood => "flood",
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
            ProtocolError::Io(error) => of_reading(error),
            _ => Self::Protocol,
        }
    }
}

/// What actix-ws tells by an error of reading: its own complaints, and those of what it reads from.
fn of_reading(error: &io::Error) -> Ending {
    let payload = error.get_ref().and_then(|error| error.downcast_ref::<PayloadError>());
    match payload.map(Breach::of) {
        Some(Some(Breach::TooLong)) => Ending::TooLong,
        Some(Some(Breach::Malformed)) => Ending::Protocol,
        Some(Some(Breach::Flood)) => Ending::Flood,
        // The connection ended without a word.
        Some(None) => Ending::Lost,
        // Reserved bits, the other thing of this kind, are seen before.
        None if error.kind() == io::ErrorKind::InvalidData => Ending::NotUtf8,
        // Pieces that are too long together.
        None => Ending::TooLong,
    }
}

#[cfg(test)]
mod tests {
    use actix_web::{FromRequest, dev::Payload, test::TestRequest, web};
    use futures_util::{StreamExt, stream};

    use super::*;
    use crate::live::socket::{MAX_MESSAGE, frames::Frames};

    /// Masked with zeros.
    fn frame(first: u8, content: &[u8]) -> Vec<u8> {
        let length = u8::try_from(content.len()).unwrap();
        [&[first, 0x80 | length, 0, 0, 0, 0], content].concat()
    }

    /// How a socket ends over which these bytes come, and then this.
    async fn ending(bytes: Vec<u8>, last: Option<PayloadError>) -> Option<Ending> {
        let parts = [Some(Ok(web::Bytes::from(bytes))), last.map(Err)].into_iter().flatten();
        let payload: Payload = Payload::Stream { payload: Box::pin(stream::iter(parts)) };
        let mut payload = Frames::new(payload, MAX_MESSAGE).into_payload();
        let request = TestRequest::default()
            .insert_header(("upgrade", "websocket"))
            .insert_header(("connection", "upgrade"))
            .insert_header(("sec-websocket-version", "13"))
            .insert_header(("sec-websocket-key", "x3JJHMbDL1EzLkh9GBhXDw=="))
            .to_http_request();
        let payload = web::Payload::from_request(&request, &mut payload).await.unwrap();
        let (_answer, _session, messages) = actix_ws::handle(&request, payload).unwrap();
        let mut messages = messages.aggregate_continuations().max_continuation_size(8);
        let error = loop {
            match messages.next().await? {
                Ok(_) => {}
                Err(error) => break error,
            }
        };
        Some((&error).into())
    }

    #[actix_web::test]
    async fn every_error_of_reading_is_called_by_its_name() {
        let lost = ending(frame(0x81, b"{}"), Some(PayloadError::Incomplete(None))).await;
        assert_eq!(lost, Some(Ending::Lost));
        let io = PayloadError::Io(io::ErrorKind::ConnectionReset.into());
        assert_eq!(ending(Vec::new(), Some(io)).await, Some(Ending::Lost));
        assert_eq!(ending(frame(0x81, b"\xFF"), None).await, Some(Ending::NotUtf8));
        let pieces = [frame(0x01, b"\xC5"), frame(0x80, b"!")].concat();
        assert_eq!(ending(pieces, None).await, Some(Ending::NotUtf8));
        assert_eq!(ending(frame(0xC1, b"{}"), None).await, Some(Ending::Protocol));
        assert_eq!(ending(frame(0x83, b""), None).await, Some(Ending::Protocol));
        let pieces = [frame(0x01, b"12345678"), frame(0x80, b"9")].concat();
        assert_eq!(ending(pieces, None).await, Some(Ending::TooLong));
        let mut long = vec![0x81, 0xFF];
        long.extend((1_u64 << 40).to_be_bytes());
        assert_eq!(ending(long, None).await, Some(Ending::TooLong));
        assert_eq!(ending(frame(0x8A, b"").repeat(3_000), None).await, Some(Ending::Flood));
        assert_eq!(ending(frame(0x81, b"{}"), None).await, None);
    }
}
