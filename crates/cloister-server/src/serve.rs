//! Serving: TLS or not, and an end that loses nothing.

use crate::logging;
use crate::settings::Settings;
use crate::telemetry::Telemetry;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
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
    let mut app = App::new(hub, settings.app());
    if let Some(provider) = provider(settings)? {
        app = app.with_provider(provider);
    }
    let service = app.router().into_make_service_with_connect_info::<SocketAddr>();
    let handle = Handle::new();
    let ending = tokio::spawn(end(handle.clone(), settings.patience()));
    if let Some(address) = listening(&handle) {
        tokio::spawn(address);
    }
    if settings.assets.is_none() {
        tracing::warn!("no assets are set: the pages are plain");
    }
    let served = match &settings.tls {
        Some(tls) => {
            let tls = certificate(tls).await?;
            axum_server::bind_rustls(settings.listen, tls).handle(handle).serve(service).await
        }
        None => axum_server::bind(settings.listen).handle(handle).serve(service).await,
    };
    served.map_err(|e| format!("{}: {e}", settings.listen))?;
    ending.abort();
    tracing::info!("no more requests are taken; queries under way are waited for");
    app.drain(settings.patience()).await;
    tracing::info!("ended");
    if let Some(traces) = traces {
        // What a collector does not take now, it does not get.
        let _ = tokio::task::spawn_blocking(move || traces.shutdown()).await;
    }
    Ok(())
}

/// Says where it listens, once it does: with port 0, the system chose.
fn listening(handle: &Handle<SocketAddr>) -> Option<impl Future<Output = ()> + Send + 'static> {
    let handle = handle.clone();
    Some(async move {
        if let Some(address) = handle.listening().await {
            tracing::info!(%address, "listening");
            println!("cloisterd listens on {address}");
        }
    })
}

/// Waits to be told to end; then takes no more requests, and ends connections that are idle.
async fn end(handle: Handle<SocketAddr>, patience: std::time::Duration) {
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
    handle.graceful_shutdown(Some(patience));
}
