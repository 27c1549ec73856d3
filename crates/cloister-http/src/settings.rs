//! What the server is set up with.

use cloister_hub::RateLimit;
use std::path::PathBuf;
use std::time::Duration;

/// What the server is set up with; `cloisterd`'s settings file says what each is for.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where people reach it, without a path: cookies and checks of where a request comes from depend on it.
    pub origin: String,
    /// The folder with the style sheet, script and fonts of the pages; without it they are plain.
    pub assets: Option<PathBuf>,
    /// The largest body of a request, in bytes.
    pub body_bytes_max: usize,
    /// How long a request may take, unless it waits for a query.
    pub time_max: Duration,
    /// How long a request may wait for a query's end before it is told where to look.
    pub wait_max: Duration,
    /// How many requests a caller may send.
    pub rate: RateLimit,
    /// How many attempts to sign in an address may make.
    pub sign_in_rate: RateLimit,
    /// Whether the address of a caller is taken from the last `X-Forwarded-For`: behind a proxy only.
    pub behind_proxy: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            origin: "http://127.0.0.1:8020".to_owned(),
            assets: None,
            body_bytes_max: 1 << 20,
            time_max: Duration::from_secs(30),
            wait_max: Duration::from_secs(60),
            rate: RateLimit { burst: 200, per_minute: 1_200 },
            sign_in_rate: RateLimit { burst: 10, per_minute: 10 },
            behind_proxy: false,
        }
    }
}

impl Settings {
    /// Whether people reach it by TLS: cookies are for TLS only then.
    pub(crate) fn is_secure(&self) -> bool {
        self.origin.starts_with("https://")
    }
}
