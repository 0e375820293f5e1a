//! `Accept`: what a client would rather have (RFC 9110, 12.5.1).

use actix_web::http::header::{self, HeaderMap};

use crate::{
    kit::{
        problem::{Problem, registry},
        words,
    },
    routes::{EVENT_STREAM, Media},
};

/// The media type of everything that is no stream.
const JSON: &str = "application/json";

/// Refuses a request that rules out every form of the answer.
///
/// # Errors
/// 406, with the forms there are.
pub(crate) fn check(headers: &HeaderMap, media: Media) -> Result<(), Problem> {
    let accept = Accept::of(headers);
    let (is_fine, offered) = match media {
        Media::Json => (accept.has_json(), JSON.to_owned()),
        Media::Both => {
            let is_fine = accept.has_json() || accept.has_stream();
            (is_fine, format!("{JSON}, {EVENT_STREAM}"))
        }
        Media::Stream => (accept.has_stream(), EVENT_STREAM.to_owned()),
        // The answer is no content: browsers say what they like.
        Media::Socket => (true, String::new()),
    };
    match is_fine {
        true => Ok(()),
        false => Err(Problem::new(registry::NOT_ACCEPTABLE).detail(words::answers_with(offered))),
    }
}

/// What the headers of a request ask for. Nobody is refused for saying nothing.
pub(crate) struct Accept(Vec<(String, f32)>);

impl Accept {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let values = headers.get_all(header::ACCEPT).filter_map(|value| value.to_str().ok());
        let ranges = values.flat_map(|value| value.split(',')).filter_map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let media = parts.next().filter(|media| !media.is_empty())?.to_ascii_lowercase();
            let quality = parts.find_map(|part| {
                let (name, value) = part.split_once('=')?;
                name.trim().eq_ignore_ascii_case("q").then(|| value.trim().parse().ok())?
            });
            Some((media, quality.filter(|quality| (0.0..=1.0).contains(quality)).unwrap_or(1.0)))
        });
        Self(ranges.collect())
    }

    /// True when JSON will do.
    pub(crate) fn has_json(&self) -> bool {
        self.quality(JSON) > 0.0
    }

    /// True when a stream of events will do.
    pub(crate) fn has_stream(&self) -> bool {
        self.quality(EVENT_STREAM) > 0.0
    }

    /// True when a stream is wanted more than JSON. Generated clients name every type that an
    /// operation has, and none of them reads an answer that does not end.
    pub(crate) fn prefers_stream(&self) -> bool {
        // Whoever takes anything has not asked for it either.
        let named = self.named(EVENT_STREAM);
        named.is_some_and(|stream| stream > self.quality(JSON))
    }

    /// From 0 to 1: what the most exact range says that the type is in.
    fn quality(&self, media: &str) -> f32 {
        if self.0.is_empty() {
            return 1.0;
        }
        self.named(media).or_else(|| self.best("*/*")).unwrap_or(0.0)
    }

    /// The same, of ranges that name it or its kind.
    fn named(&self, media: &str) -> Option<f32> {
        let kind = media.split('/').next().unwrap_or_default();
        self.best(media).or_else(|| self.best(&format!("{kind}/*")))
    }

    fn best(&self, range: &str) -> Option<f32> {
        let found = self.0.iter().filter(|(one, _)| one == range).map(|(_, quality)| *quality);
        found.reduce(f32::max)
    }
}
