//! The bytes of a client, looked at before anything is kept of them.
//!
//! actix-ws reads a frame to its end before it asks how long it may be, and what a frame declares is up
//! to the client. So [`Frames`] stands before it, follows the heads of frames (RFC 6455, 5.2) and stops
//! at the first one that says too much. It also counts the frames that nothing else counts: answers to
//! pings that may never have been sent, and pieces of messages.

use std::{
    error::Error,
    fmt, io,
    num::NonZeroU32,
    pin::Pin,
    task::{Context, Poll, ready},
};

use actix_web::{dev::Payload, error::PayloadError, web::Bytes};
use futures_util::{Stream, StreamExt};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

/// The longest control frame, bytes (RFC 6455, 5.5).
const MAX_CONTROL: u64 = 125;

/// Frames that are no message: so many at once, and so many each second. Each pong that is asked for
/// stands for 256 KiB that were read, or for some seconds.
const UNCOUNTED: (NonZeroU32, NonZeroU32) = (number(1_000), number(500));

/// The longest head of a frame, bytes: two, a length of eight, a mask of four.
const MAX_HEAD: usize = 14;

const CONTINUATION: u8 = 0x0;
const PONG: u8 = 0xA;

const fn number(number: u32) -> NonZeroU32 {
    NonZeroU32::MIN.saturating_add(number - 1)
}

/// Why no more is read of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Breach {
    /// A frame is declared to be longer than a message may be.
    TooLong,
    /// It is not the protocol: reserved bits, or a long control frame.
    Malformed,
    /// Too many frames that are no message.
    Flood,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "a frame is too long",
            Self::Malformed => "a frame is malformed",
            Self::Flood => "there are too many frames",
        })
    }
}

impl Error for Breach {}

impl Breach {
    /// The breach that a stream of bytes ended with; none when the connection was lost.
    pub(crate) fn of(error: &PayloadError) -> Option<Self> {
        match error {
            PayloadError::Io(error) => error.get_ref()?.downcast_ref().copied(),
            _ => None,
        }
    }
}

/// A stream of bytes as they came, up to the first breach.
pub(crate) struct Frames {
    payload: Payload,
    heads: Heads,
    is_over: bool,
}

impl Frames {
    /// `max` is the longest frame with a message or a piece of one, bytes.
    pub(crate) fn new(payload: Payload, max: usize) -> Self {
        Self { payload, heads: Heads::new(max), is_over: false }
    }

    /// As what a request has.
    pub(crate) fn into_payload(self) -> Payload {
        Payload::Stream { payload: Box::pin(self) }
    }
}

impl Stream for Frames {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.is_over {
            return Poll::Ready(None);
        }
        let Some(bytes) = ready!(this.payload.poll_next_unpin(cx)?) else {
            return Poll::Ready(None);
        };
        match this.heads.follow(&bytes) {
            Ok(()) => Poll::Ready(Some(Ok(bytes))),
            Err(breach) => {
                this.is_over = true;
                Poll::Ready(Some(Err(PayloadError::Io(io::Error::other(breach)))))
            }
        }
    }
}

/// Where in the frames the bytes are.
struct Heads {
    max: u64,
    /// The head that is being read, and how much of it is there.
    head: [u8; MAX_HEAD],
    read: usize,
    /// Bytes of the frame's content that are to come.
    rest: u64,
    uncounted: DefaultDirectRateLimiter,
}

impl Heads {
    fn new(max: usize) -> Self {
        let (burst, per_second) = UNCOUNTED;
        Self {
            max: u64::try_from(max).unwrap_or(u64::MAX),
            head: [0; MAX_HEAD],
            read: 0,
            rest: 0,
            uncounted: RateLimiter::direct(Quota::per_second(per_second).allow_burst(burst)),
        }
    }

    fn follow(&mut self, mut bytes: &[u8]) -> Result<(), Breach> {
        loop {
            // What does not fit is longer than what is there.
            let passed =
                usize::try_from(self.rest).map_or(bytes.len(), |rest| rest.min(bytes.len()));
            self.rest -= passed as u64;
            bytes = &bytes[passed..];
            let Some((first, more)) = bytes.split_first() else { return Ok(()) };
            self.head[self.read] = *first;
            self.read += 1;
            bytes = more;
            self.look()?;
        }
    }

    /// Looks at the head once more of it is there.
    fn look(&mut self) -> Result<(), Breach> {
        match self.read {
            1 => self.begin(),
            _ => match self.declared() {
                Some((length, end)) => {
                    self.fits(length)?;
                    if self.read == end {
                        self.read = 0;
                        self.rest = length;
                    }
                    Ok(())
                }
                None => Ok(()),
            },
        }
    }

    /// The first byte: no extension is spoken, so three bits are zero.
    fn begin(&self) -> Result<(), Breach> {
        if self.head[0] & 0b0111_0000 != 0 {
            return Err(Breach::Malformed);
        }
        let is_uncounted = matches!(self.opcode(), CONTINUATION | PONG);
        if is_uncounted && self.uncounted.check().is_err() {
            return Err(Breach::Flood);
        }
        Ok(())
    }

    const fn opcode(&self) -> u8 {
        self.head[0] & 0b1111
    }

    /// The length of the content and that of the head, once they are known.
    fn declared(&self) -> Option<(u64, usize)> {
        let [_, second, long @ ..] = &self.head;
        let (length, bytes) = match second & 0x7F {
            126 => (u64::from(u16::from_be_bytes([long[0], long[1]])), 2),
            127 => {
                let [a, b, c, d, e, f, g, h, ..] = *long;
                (u64::from_be_bytes([a, b, c, d, e, f, g, h]), 8)
            }
            short => (u64::from(short), 0),
        };
        let mask = if second & 0x80 == 0 { 0 } else { 4 };
        (self.read >= 2 + bytes).then_some((length, 2 + bytes + mask))
    }

    const fn fits(&self, length: u64) -> Result<(), Breach> {
        let is_control = self.opcode() >= 8;
        if is_control && length > MAX_CONTROL {
            return Err(Breach::Malformed);
        }
        if length > self.max { Err(Breach::TooLong) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    const MAX: usize = 16 * 1024;

    /// A frame of a client.
    fn frame(first: u8, content: &[u8]) -> Vec<u8> {
        let mut frame = vec![first];
        match content.len() {
            short @ 0..126 => frame.push(0x80 | u8::try_from(short).unwrap()),
            long => {
                frame.push(0x80 | 126);
                frame.extend(u16::try_from(long).unwrap().to_be_bytes());
            }
        }
        frame.extend([1, 2, 3, 4]);
        frame.extend(content);
        frame
    }

    /// The head of a frame with a length of eight bytes.
    fn declared(first: u8, length: u64) -> Vec<u8> {
        let mut head = vec![first, 0x80 | 127];
        head.extend(length.to_be_bytes());
        head
    }

    fn follow(parts: &[&[u8]]) -> Result<(), Breach> {
        let mut heads = Heads::new(MAX);
        parts.iter().try_for_each(|part| heads.follow(part))
    }

    #[test]
    fn frames_are_followed_wherever_they_are_split() {
        let mut good = frame(0x81, b"{}");
        good.extend(frame(0x8A, b""));
        good.extend(frame(0x01, &[0xFF; 300]));
        good.extend(frame(0x89, &[0x7F; 125]));
        good.extend(frame(0x80, &[0xF0; 126]));
        good.extend([0x81, 0x03, 0xFF, 0xFF, 0xFF]);
        let bad = [
            (declared(0x82, 1 << 40), Breach::TooLong),
            (declared(0x81, u64::MAX), Breach::TooLong),
            (declared(0x80, MAX as u64 + 1), Breach::TooLong),
            (declared(0x89, 126), Breach::Malformed),
            (vec![0xC1], Breach::Malformed),
        ];
        assert_eq!(follow(&[&good]), Ok(()));
        for (bad, breach) in bad {
            let all = [good.as_slice(), &bad].concat();
            for at in 0..all.len() {
                let (begin, end) = all.split_at(at);
                assert_eq!(follow(&[begin, end]), Err(breach), "{at}");
                assert_eq!(follow(&[begin]), Ok(()), "{at}");
            }
            let bytes: Vec<&[u8]> = all.chunks(1).collect();
            assert_eq!(follow(&bytes), Err(breach));
        }
        assert_eq!(follow(&[&declared(0x81, MAX as u64)]), Ok(()));
        assert_eq!(follow(&[&frame(0x82, &[0; MAX])]), Ok(()));
    }

    #[test]
    fn frames_that_are_no_message_are_counted() {
        for first in [0x8A, 0x00] {
            let frames = |count| vec![frame(first, b""); count].concat();
            assert_eq!(follow(&[&frames(1_000)]), Ok(()));
            assert_eq!(follow(&[&frames(3_000)]), Err(Breach::Flood));
        }
        assert_eq!(follow(&[&vec![frame(0x81, b""); 4_000].concat()]), Ok(()));
    }

    #[actix_web::test]
    async fn nothing_comes_behind_a_breach() {
        let parts = [frame(0x81, b"{}"), declared(0x81, 1 << 40), vec![0; 1_000]];
        let parts = parts.map(|part| Ok(Bytes::from(part)));
        let payload: Payload = Payload::Stream { payload: Box::pin(stream::iter(parts)) };
        let mut frames = Frames::new(payload, MAX).into_payload();
        assert_eq!(frames.next().await.unwrap().unwrap(), frame(0x81, b"{}"));
        let error = frames.next().await.unwrap().unwrap_err();
        assert_eq!(Breach::of(&error), Some(Breach::TooLong));
        assert!(frames.next().await.is_none());
        assert_eq!(Breach::of(&PayloadError::Incomplete(None)), None);
    }
}
