//! `cloisterd.toml`: every setting, read and validated.

use crate::provider::ProviderConfig;
use crate::telemetry::Telemetry;
use cloister_hub::RateLimit;
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A settings file with every setting, its default, and what it is for. A test compares it with the defaults.
pub(crate) const EXAMPLE: &str = include_str!("../../../deploy/cloisterd.toml");

/// What the server is set up with.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Settings {
    /// The hub's home.
    pub(crate) home: PathBuf,
    /// Where it listens.
    #[serde(default = "listen")]
    pub(crate) listen: SocketAddr,
    /// Where people reach it.
    pub(crate) origin: String,
    /// Whether a proxy stands before it.
    #[serde(default)]
    pub(crate) behind_proxy: bool,
    /// The pages' library.
    #[serde(default)]
    pub(crate) assets: Option<PathBuf>,
    /// Its certificate, where it speaks TLS itself.
    #[serde(default)]
    pub(crate) tls: Option<Tls>,
    /// Where people may also sign in.
    #[serde(default)]
    pub(crate) provider: Option<ProviderConfig>,
    /// Flight SQL; none where absent.
    #[serde(default)]
    pub(crate) flight: Option<FlightConfig>,
    /// Limits.
    #[serde(default)]
    pub(crate) limits: Limits,
    /// Logs.
    #[serde(default)]
    pub(crate) log: Log,
    /// Traces; none where absent.
    #[serde(default)]
    pub(crate) telemetry: Option<Telemetry>,
}

/// A certificate and its key.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Tls {
    /// The chain, PEM, the server's own first.
    pub(crate) certificate: PathBuf,
    /// The key, PEM.
    pub(crate) key: PathBuf,
}

/// Where drivers of Flight SQL reach it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct FlightConfig {
    /// Where it listens for them.
    pub(crate) listen: SocketAddr,
}

impl Default for FlightConfig {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 8021)) }
    }
}

/// What requests may use.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Limits {
    body_kib_max: u32,
    seconds_max: u32,
    wait_seconds_max: u32,
    requests_burst: u32,
    requests_per_minute: u32,
    sign_ins_burst: u32,
    sign_ins_per_minute: u32,
    shutdown_seconds: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_kib_max: 1_024,
            seconds_max: 30,
            wait_seconds_max: 60,
            requests_burst: 200,
            requests_per_minute: 1_200,
            sign_ins_burst: 10,
            sign_ins_per_minute: 10,
            shutdown_seconds: 20,
        }
    }
}

/// How it logs.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Log {
    /// As JSON, or as text.
    pub(crate) format: LogFormat,
    /// What is logged, as `tracing` filters are written.
    pub(crate) filter: String,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Json, filter: "info".to_owned() }
    }
}

/// The form of a line of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum LogFormat {
    /// An object a line.
    Json,
    /// For people.
    Text,
}

fn listen() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 8020))
}

/// Settings that are not right.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsError {
    /// The file cannot be read.
    #[error("{}: {source} (`cloisterd --example` prints one to begin with)", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not what is asked for.
    #[error("{}: {text}", path.display())]
    Wrong {
        /// Which.
        path: PathBuf,
        /// Why.
        text: String,
    },
}

impl Settings {
    /// Reads and validates a file. Paths in it are relative to where it lies.
    pub(crate) fn read(path: &Path) -> Result<Self, SettingsError> {
        let file = |source| SettingsError::File { path: path.to_owned(), source };
        let text = std::fs::read_to_string(path).map_err(file)?;
        let beside = path.parent().unwrap_or_else(|| Path::new("."));
        Self::parse(&text, beside).map_err(|text| SettingsError::Wrong { path: path.to_owned(), text })
    }

    fn parse(text: &str, beside: &Path) -> Result<Self, String> {
        let mut settings: Self = toml::from_str(text).map_err(|e| e.to_string().trim_end().to_owned())?;
        let here = |path: &mut PathBuf| *path = beside.join(&*path);
        here(&mut settings.home);
        settings.assets.iter_mut().for_each(here);
        if let Some(tls) = &mut settings.tls {
            here(&mut tls.certificate);
            here(&mut tls.key);
        }
        settings.provider.iter_mut().for_each(|provider| provider.beside(beside));
        settings.validate()?;
        Ok(settings)
    }

    fn validate(&self) -> Result<(), String> {
        let host = self.origin.strip_prefix("https://").or_else(|| self.origin.strip_prefix("http://"));
        let host = host.filter(|h| !h.is_empty() && !h.contains(['/', '?', '#', ' ']));
        let Some(host) = host else {
            return Err("origin must be like https://hub.example, without a path".to_owned());
        };
        let plain = self.origin.starts_with("http://");
        if plain && self.tls.is_some() {
            return Err("origin must begin with https:// where there is a certificate".to_owned());
        }
        let name = host.split(':').next().unwrap_or_default();
        let local = ["localhost", "127.0.0.1", "[", "[::1]"].contains(&name);
        if plain && !local {
            return Err("origin must begin with https://, but for this machine alone".to_owned());
        }
        let listens = [Some(self.listen), self.flight.as_ref().map(|flight| flight.listen)];
        let abroad = listens.into_iter().flatten().any(|address| !address.ip().is_loopback());
        if self.tls.is_none() && !self.behind_proxy && abroad {
            return Err("without tls and without behind-proxy it listens on this machine alone (127.0.0.1)"
                .to_owned());
        }
        if let Some(wrong) = self.telemetry.as_ref().and_then(Telemetry::objection) {
            return Err(wrong.to_owned());
        }
        if let Some(provider) = &self.provider {
            provider.validate()?;
        }
        let limits = &self.limits;
        for (name, value) in [
            ("body-kib-max", limits.body_kib_max),
            ("seconds-max", limits.seconds_max),
            ("requests-burst", limits.requests_burst),
            ("requests-per-minute", limits.requests_per_minute),
            ("sign-ins-burst", limits.sign_ins_burst),
            ("sign-ins-per-minute", limits.sign_ins_per_minute),
        ] {
            if value == 0 {
                return Err(format!("limits.{name} must be at least 1"));
            }
        }
        if let Some(folder) = &self.assets
            && !folder.join("nhsuk-frontend.min.css").is_file()
        {
            return Err(format!("assets: there is no nhsuk-frontend.min.css in {}", folder.display()));
        }
        Ok(())
    }

    /// How often a caller may call.
    pub(crate) fn rate(&self) -> RateLimit {
        RateLimit { burst: self.limits.requests_burst, per_minute: self.limits.requests_per_minute }
    }

    /// The application's part of them.
    pub(crate) fn app(&self) -> cloister_http::Settings {
        let limits = &self.limits;
        let seconds = |n: u32| Duration::from_secs(u64::from(n));
        cloister_http::Settings {
            origin: self.origin.clone(),
            assets: self.assets.clone(),
            body_bytes_max: usize::try_from(limits.body_kib_max).unwrap_or(1_024).saturating_mul(1_024),
            time_max: seconds(limits.seconds_max),
            wait_max: seconds(limits.wait_seconds_max),
            rate: self.rate(),
            sign_in_rate: RateLimit { burst: limits.sign_ins_burst, per_minute: limits.sign_ins_per_minute },
            behind_proxy: self.behind_proxy,
        }
    }

    /// How long running work may go on once it is told to end.
    pub(crate) fn patience(&self) -> Duration {
        Duration::from_secs(u64::from(self.limits.shutdown_seconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_says_what_the_defaults_are() {
        // Every line of a setting, those that are commented out too.
        let text: String = EXAMPLE
            .lines()
            .map(|line| line.strip_prefix("#: ").unwrap_or(line))
            .filter(|line| {
                let set = ["tls", "certificate =", "key =", "assets", "client-secret-file", "ca-file"];
                !set.iter().any(|name| line.contains(name))
            })
            .collect::<Vec<_>>()
            .join("\n");
        let settings = Settings::parse(&text, Path::new("/etc/cloister")).unwrap();
        assert_eq!(settings.limits, Limits::default());
        assert_eq!(settings.log, Log::default());
        assert_eq!(settings.telemetry.map(|t| t.sample), Some(1.0));
        assert_eq!(settings.listen, listen());
        assert!(!settings.behind_proxy);
        assert_eq!(settings.home, Path::new("/var/lib/cloister"));
        let provider = settings.provider.unwrap();
        let bare = "issuer = \"https://id.example\"\nclient-id = \"cloister\"";
        let mut defaults: ProviderConfig = toml::from_str(bare).unwrap();
        defaults.device_client_id = Some("cloister-cli".to_owned());
        assert_eq!(provider, defaults);
    }

    #[test]
    fn what_is_not_right_is_said() {
        let wrong = |text: &str| Settings::parse(text, Path::new("/")).unwrap_err();
        let home = "home = \"/h\"\norigin = \"https://hub.example\"\n";
        for (text, said) in [
            ("home = \"/h\"", "origin"),
            ("home = \"/h\"\norigin = \"hub.example\"", "origin must be like"),
            ("home = \"/h\"\norigin = \"https://hub.example/x\"", "without a path"),
            ("home = \"/h\"\norigin = \"http://hub.example\"", "for this machine alone"),
            (&format!("{home}listen = \"0.0.0.0:80\""), "on this machine alone"),
            (&format!("{home}unknown = 1"), "unknown field"),
            (&format!("{home}[limits]\nrequests-burst = 0"), "limits.requests-burst"),
            (&format!("{home}[telemetry]\ntraces = \"collector:4318\""), "telemetry.traces"),
            (
                &format!("{home}[telemetry]\ntraces = \"http://c:4318/v1/traces\"\nsample = 2.0"),
                "telemetry.sample",
            ),
            (&format!("{home}assets = \"/nowhere\"\n"), "nhsuk-frontend.min.css"),
            (
                &format!("{home}[provider]\nissuer = \"http://id.example\"\nclient-id = \"c\""),
                "provider.issuer",
            ),
            (
                &format!("{home}[provider]\nissuer = \"https://id.example?x\"\nclient-id = \"c\""),
                "provider.issuer",
            ),
            (
                &format!("{home}[provider]\nissuer = \"https://id.example\"\nclient-id = \"\""),
                "provider.client-id",
            ),
            (
                &format!(
                    "{home}[provider]\nissuer = \"https://id.example\"\nclient-id = \"c\"\nclient-secret = \"s\""
                ),
                "unknown field",
            ),
            (
                &format!(
                    "{home}[provider]\nissuer = \"https://id.example\"\nclient-id = \"c\"\ndevice-client-id = \"c\""
                ),
                "provider.device-client-id",
            ),
            (
                "home = \"/h\"\norigin = \"http://localhost:1\"\n[tls]\ncertificate = \"c\"\nkey = \"k\"",
                "must begin with https://",
            ),
        ] {
            assert!(wrong(text).contains(said), "{text}: {}", wrong(text));
        }
        assert!(
            Settings::parse(&format!("{home}behind-proxy = true\nlisten = \"0.0.0.0:80\""), Path::new("/"))
                .is_ok()
        );
    }
}
