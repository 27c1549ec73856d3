//! Serving: TLS or not, and an end that loses nothing.

use crate::logging;
use crate::settings::Settings;
use crate::telemetry::Telemetry;
use axum::Router;
use axum_server::Handle;
use axum_server::accept::NoDelayAcceptor;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use cloister_flight::Flight;
use cloister_http::{App, Provider, ProviderError};
use cloister_hub::Hub;
use std::net::SocketAddr;

/// Whether the settings and the hub that they name can be served.
pub(crate) async fn check(settings: &Settings) -> Result<(), String> {
    if let Some(tls) = &settings.tls {
        certificate(tls).await?;
    }
    let provider = provider(settings)?;
    let hub = Hub::open(settings.home.clone()).await.map_err(|e| e.to_string())?;
    hub.is_ready().await.map_err(|e| e.to_string())?;
    hub.close().await;
    if let Some(provider) = provider {
        match provider.probe().await {
            Ok(()) => println!("the sign-in provider answers"),
            // It may be up again by the time that it is needed.
            Err(ProviderError::Unreachable) => println!("note: the sign-in provider cannot be reached now"),
            Err(error) => return Err(format!("provider: {error}")),
        }
    }
    println!("the settings are right, and the hub can be served");
    Ok(())
}

/// The sign-in provider of the settings.
fn provider(settings: &Settings) -> Result<Option<Provider>, String> {
    let Some(config) = &settings.provider else { return Ok(None) };
    let provider = Provider::new(config.provider(&settings.origin)?).map_err(|e| format!("provider: {e}"))?;
    Ok(Some(provider))
}

async fn certificate(tls: &crate::settings::Tls) -> Result<RustlsConfig, String> {
    // One provider for the whole process; a second call finds it there.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let read = RustlsConfig::from_pem_file(&tls.certificate, &tls.key).await;
    read.map_err(|e| format!("tls: {}, {}: {e}", tls.certificate.display(), tls.key.display()))
}

/// Serves until it is told to end.
pub(crate) async fn run(settings: &Settings) -> Result<(), String> {
    let traces = settings.telemetry.as_ref().map(Telemetry::provider).transpose()?;
    logging::begin(&settings.log, traces.as_ref())?;
    let hub = Hub::open(settings.home.clone()).await.map_err(|e| e.to_string())?;
    let mut app = App::new(hub.clone(), settings.app());
    if let Some(provider) = provider(settings)? {
        app = app.with_provider(provider);
    }
    let flight = settings.flight.as_ref().map(|config| (Flight::new(hub, settings.rate()), config.listen));
    if settings.assets.is_none() {
        tracing::warn!("no assets are set: the pages are plain");
    }
    let tls = match &settings.tls {
        Some(tls) => Some(certificate(tls).await?),
        None => None,
    };
    let (http, beside) = (Handle::new(), Handle::new());
    let ending = tokio::spawn(end([http.clone(), beside.clone()], settings.patience()));
    let pages = serve(app.router(), settings.listen, tls.clone(), http, "cloisterd listens on");
    match &flight {
        Some((flight, address)) => {
            let routes = flight.routes().prepare().into_axum_router();
            let drivers = serve(routes, *address, tls, beside, "cloisterd listens for Flight SQL on");
            tokio::try_join!(pages, drivers)?;
        }
        None => pages.await?,
    }
    ending.abort();
    tracing::info!("no more requests are taken; queries under way are waited for");
    if let Some((flight, _)) = flight {
        flight.drain(settings.patience()).await;
    }
    app.drain(settings.patience()).await;
    tracing::info!("ended");
    if let Some(traces) = traces {
        // What a collector does not take now, it does not get.
        let _ = tokio::task::spawn_blocking(move || traces.shutdown()).await;
    }
    Ok(())
}

/// Serves routes at an address until its handle is told to end.
async fn serve(
    routes: Router,
    address: SocketAddr,
    tls: Option<RustlsConfig>,
    handle: Handle<SocketAddr>,
    words: &'static str,
) -> Result<(), String> {
    let service = routes.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(listening(handle.clone(), words));
    // Without delay: a small answer in several frames would wait for the client's acknowledgement, 40 ms each time.
    let bound = axum_server::bind(address).handle(handle);
    let served = match tls {
        Some(tls) => {
            let acceptor = RustlsAcceptor::new(tls).acceptor(NoDelayAcceptor::new());
            bound.acceptor(acceptor).serve(service).await
        }
        None => bound.acceptor(NoDelayAcceptor::new()).serve(service).await,
    };
    served.map_err(|e| format!("{address}: {e}"))
}

/// Says where it listens, once it does: with port 0, the system chose.
async fn listening(handle: Handle<SocketAddr>, words: &str) {
    if let Some(address) = handle.listening().await {
        tracing::info!(%address, "listening");
        println!("{words} {address}");
    }
}

/// Waits to be told to end; then takes no more requests, and ends connections that are idle.
async fn end(handles: [Handle<SocketAddr>; 2], patience: std::time::Duration) {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                tokio::select! {
                    _ = interrupt => {}
                    _ = terminate.recv() => {}
                }
            }
            Err(_) => {
                let _ = interrupt.await;
            }
        }
    }
    #[cfg(not(unix))]
    let _ = interrupt.await;
    for handle in handles {
        handle.graceful_shutdown(Some(patience));
    }
}
