//! A recording that answers in place of AWS, while some of its questions are put to AWS again.
//!
//! The collector's own code makes the requests, so that they are the same in every protocol;
//! it is always given the recorded answer, so that it goes on as it did then.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

use super::live::{Capture, Held, LiveClient};
use super::replay::Recording;
use super::{admit, observe, observed};

/// Attempts per question, where AWS turns one away.
const ATTEMPTS: u64 = 4;

/// The HTTP client given to the SDK.
#[derive(Clone, Debug)]
pub struct SampleClient {
    recording: Arc<Recording>,
    live: LiveClient,
    capture: Arc<Capture>,
    chosen: Arc<BTreeSet<u64>>,
    heard: Arc<Mutex<BTreeMap<u64, Held>>>,
}

impl SampleClient {
    /// Asks again what the chosen exchanges of the recording asked; `live` captures into `capture`.
    pub fn new(recording: Arc<Recording>, live: LiveClient, capture: Arc<Capture>, chosen: BTreeSet<u64>) -> Self {
        Self {
            recording,
            live,
            capture,
            chosen: Arc::new(chosen),
            heard: Arc::default(),
        }
    }

    /// What AWS answered today, by the number of the recorded exchange.
    pub fn heard(&self) -> BTreeMap<u64, Held> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl HttpClient for SampleClient {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(SampleConnector {
            live: self.live.http_connector(settings, components),
            client: self.clone(),
        })
    }
}

#[derive(Clone, Debug)]
struct SampleConnector {
    live: SharedHttpConnector,
    client: SampleClient,
}

impl HttpConnector for SampleConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let this = self.clone();
        HttpConnectorFuture::new(async move { this.exchange(request).await })
    }
}

impl SampleConnector {
    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let (i, response) = self.client.recording.answer(&request)?;
        if self.client.chosen.contains(&i) {
            self.ask(i, &request).await?;
        }
        observe(i);
        Ok(response)
    }

    fn hear(&self, i: u64, held: Held) {
        let mut heard = self.client.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.insert(i, held);
    }

    async fn ask(&self, i: u64, request: &HttpRequest) -> Result<(), ConnectorError> {
        let call = admit(request)?;
        for attempt in 1..=ATTEMPTS {
            let Some(mut again) = request.try_clone() else {
                return Ok(());
            };
            again.add_extension(call.clone());
            // An answer that is none is kept too: it says why this could not be asked.
            let (_, at) = observed(self.live.call(again)).await;
            let held = self
                .client
                .capture
                .with_held(|held| held.iter().find(|held| Some(held.exchange.i) == at).cloned());
            let Some(held) = held else { return Ok(()) };
            let turned_away = matches!(held.exchange.status, None | Some(429 | 500..));
            self.hear(i, held);
            if !turned_away {
                break;
            }
            if attempt < ATTEMPTS {
                tokio::time::sleep(Duration::from_secs(attempt)).await;
            }
        }
        Ok(())
    }
}
