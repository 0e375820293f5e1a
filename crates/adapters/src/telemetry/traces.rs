//! Traces over OTLP: the spans of the log, in batches, to a collector. Nothing waits for it: what a
//! full queue cannot take is dropped and counted. Spans are cleaned and given the names of the
//! OpenTelemetry conventions on the exporter's own thread, after the request.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use almoner_http::{TraceParent, Traces};
use async_trait::async_trait;
use opentelemetry::{
    Array, Context, Key, KeyValue, StringValue, Value,
    trace::{
        SpanContext, SpanId, SpanKind, Status, TraceContextExt, TraceFlags, TraceId, TraceState,
        TracerProvider,
    },
};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{
        BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracer, SdkTracerProvider, Span,
        SpanData, SpanProcessor,
    },
};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::{TelemetryError, redact, wire};

/// Counts spans that a collector has taken.
pub const SENT: &str = "almoner_trace_spans_sent_total";
/// Counts spans that were lost, by `reason`: `queue_full`, `not_sent`.
pub const DROPPED: &str = "almoner_trace_spans_dropped_total";
/// Counts requests to the collector that failed.
pub const FAILURES: &str = "almoner_trace_export_failures_total";

/// Spans that may wait for the exporter: some MiB, and a second of a busy server.
const QUEUE: usize = 8_192;
const BATCH: usize = 512;
/// How long a span waits for others.
const DELAY: Duration = Duration::from_secs(2);
/// Bytes of a collector's answer that are read: it says what it refused, in a sentence.
const ANSWER: u64 = 64 * 1024;

/// Where traces go.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceSettings {
    /// The collector's address for traces over OTLP, HTTP with protobuf.
    pub endpoint: String,
    /// The share of traces that are sent, from 0 to 1, where the caller has not decided already.
    pub sample_ratio: f64,
    /// `service.name`.
    pub service: String,
    /// `service.instance.id`.
    pub instance: Option<String>,
}

/// What makes spans and sends them.
pub(super) fn provider(settings: &TraceSettings) -> Result<SdkTracerProvider, TelemetryError> {
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Client(wire::agent("traces", FAILURES)))
        .with_endpoint(&settings.endpoint)
        .with_timeout(wire::TIME_LIMIT)
        .build()
        .map_err(|error| TelemetryError::Traces(error.to_string()))?;
    let waiting = Arc::new(AtomicUsize::new(0));
    let batches = BatchConfigBuilder::default()
        .with_max_queue_size(QUEUE)
        .with_max_export_batch_size(BATCH)
        .with_scheduled_delay(DELAY)
        .build();
    let exporter = Counted { exporter, waiting: Arc::clone(&waiting) };
    let batches = BatchSpanProcessor::new(exporter, batches);
    let mut resource = vec![KeyValue::new("service.version", env!("CARGO_PKG_VERSION"))];
    if let Some(instance) = &settings.instance {
        resource.push(KeyValue::new("service.instance.id", instance.clone()));
    }
    // Nothing of the environment and the host: what is told is what is configured.
    let resource = Resource::builder_empty()
        .with_service_name(settings.service.clone())
        .with_attributes(resource)
        .build();
    let by_share = Sampler::TraceIdRatioBased(settings.sample_ratio);
    Ok(SdkTracerProvider::builder()
        .with_span_processor(Bounded { batches, waiting })
        .with_sampler(Sampler::ParentBased(Box::new(by_share)))
        .with_resource(resource)
        .build())
}

/// What the layer makes spans with.
pub(super) fn tracer(provider: &SdkTracerProvider) -> SdkTracer {
    provider.tracer("almoner")
}

/// The traces of requests, where the layer for them is installed.
#[derive(Clone, Copy, Debug)]
pub struct RequestTraces;

impl Traces for RequestTraces {
    fn begin(&self, request: &tracing::Span, parent: Option<TraceParent>) -> Option<String> {
        if let Some(TraceParent { trace_id, span_id, is_sampled }) = parent {
            let flags = TraceFlags::default().with_sampled(is_sampled);
            let (trace, span) = (TraceId::from(trace_id), SpanId::from(span_id));
            let parent = SpanContext::new(trace, span, flags, true, TraceState::NONE);
            let parent = Context::new().with_remote_span_context(parent);
            if let Err(error) = request.set_parent(parent) {
                tracing::debug!(%error, "a trace could not be continued");
            }
        }
        let context = request.context();
        let context = context.span().span_context().clone();
        context.is_valid().then(|| context.trace_id().to_string())
    }
}

/// Keeps the queue bounded where a loss can be counted: the batches count theirs for themselves.
#[derive(Debug)]
struct Bounded {
    batches: BatchSpanProcessor,
    waiting: Arc<AtomicUsize>,
}

impl SpanProcessor for Bounded {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.batches.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        if self.waiting.fetch_add(1, Ordering::Relaxed) < QUEUE {
            self.batches.on_end(span);
        } else {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            metrics::counter!(DROPPED, "reason" => "queue_full").increment(1);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.batches.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.batches.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.batches.set_resource(resource);
    }
}

/// Cleans what is sent, and counts it.
#[derive(Debug)]
struct Counted {
    exporter: SpanExporter,
    waiting: Arc<AtomicUsize>,
}

impl opentelemetry_sdk::trace::SpanExporter for Counted {
    async fn export(&self, mut batch: Vec<SpanData>) -> OTelSdkResult {
        self.waiting.fetch_sub(batch.len(), Ordering::Relaxed);
        batch.retain(|span| !is_probe(span));
        if batch.is_empty() {
            return Ok(());
        }
        let count = batch.len() as u64;
        batch.iter_mut().for_each(presentable);
        let result = self.exporter.export(batch).await;
        match &result {
            Ok(()) => metrics::counter!(SENT).increment(count),
            Err(_) => metrics::counter!(DROPPED, "reason" => "not_sent").increment(count),
        }
        result
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

/// Probes and scrapes come every few seconds and would drown the rest.
fn is_probe(span: &SpanData) -> bool {
    let route = span.attributes.iter().find(|attribute| attribute.key.as_str() == "route");
    route.is_some_and(|route| {
        let route = route.value.as_str();
        route.starts_with("/health/") || route == "/metrics"
    })
}

/// Cleans a span, and names what it holds as OpenTelemetry does.
pub(super) fn presentable(span: &mut SpanData) {
    clean(&mut span.attributes);
    for event in &mut span.events.events {
        clean(&mut event.attributes);
        event.name = redact::scrubbed(&event.name).into();
    }
    if let Status::Error { description } = &mut span.status {
        *description = redact::scrubbed(description).into();
    }
    if span.name != "request" {
        return;
    }
    let of = |attributes: &[KeyValue], name: &str| {
        let found = attributes.iter().find(|attribute| attribute.key.as_str() == name);
        found.map(|attribute| attribute.value.to_string())
    };
    span.span_kind = SpanKind::Server;
    if let (Some(method), Some(route)) =
        (of(&span.attributes, "method"), of(&span.attributes, "route"))
    {
        span.name = format!("{method} {route}").into();
    }
    for attribute in &mut span.attributes {
        let name = match attribute.key.as_str() {
            "method" => "http.request.method",
            "route" => "http.route",
            "client" => "client.address",
            "user_id" => "user.id",
            "request_id" => "almoner.request_id",
            _ => continue,
        };
        attribute.key = Key::from_static_str(name);
    }
    // It is the trace's own.
    span.attributes.retain(|attribute| attribute.key.as_str() != "trace_id");
    // The last event says what became of the request.
    let answered = span.events.events.iter().position(|event| event.name == "answered");
    if let Some(at) = answered {
        let answered = span.events.events.remove(at);
        let status = of(&answered.attributes, "status").and_then(|text| text.parse::<i64>().ok());
        if let Some(status) = status {
            span.attributes.push(KeyValue::new("http.response.status_code", status));
            if status >= 500 && span.status == Status::Unset {
                span.status = Status::error("");
            }
        }
    }
}

fn clean(attributes: &mut [KeyValue]) {
    for attribute in attributes {
        let name = attribute.key.as_str();
        match &mut attribute.value {
            Value::String(text) => *text = redact::sendable(name, text.as_str()).into(),
            Value::Array(Array::String(texts)) => {
                for text in texts {
                    *text = StringValue::from(redact::sendable(name, text.as_str()));
                }
            }
            _ => {}
        }
    }
}

/// The exporter's requests, sent by the blocking client on the exporter's thread.
#[derive(Debug)]
struct Client(ureq::Agent);

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (parts, body) = request.into_parts();
        let answer = self.0.run(Request::from_parts(parts, &body[..]))?;
        let (parts, mut body) = answer.into_parts();
        let body = body.with_config().limit(ANSWER).read_to_vec()?;
        Ok(Response::from_parts(parts, body.into()))
    }
}
