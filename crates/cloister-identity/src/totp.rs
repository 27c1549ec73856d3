//! Time-based one-time passwords (RFC 6238 over RFC 4226): SHA-1, 30 seconds, six digits, which is what every
//! authenticator app does.

use crate::IdentityError;
use crate::secret::same;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha1::Sha1;
use std::fmt;

const SECONDS: i64 = 30;

/// An authenticator's seed, and the last step that was used: each code opens once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Totp {
    seed: Vec<u8>,
    #[serde(default)]
    last_step: Option<i64>,
}

impl Totp {
    /// Of a fresh seed: 20 bytes at least (RFC 4226, 4).
    ///
    /// # Errors
    /// Where it is shorter.
    pub fn of(seed: &[u8]) -> Result<Self, IdentityError> {
        if seed.len() < 20 {
            Err(IdentityError::Secret)
        } else {
            Ok(Self { seed: seed.to_vec(), last_step: None })
        }
    }

    /// The seed as it is typed in by hand: Base32 (RFC 4648) without padding.
    pub fn seed_text(&self) -> String {
        const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let (mut text, mut held, mut bits) = (String::new(), 0u32, 0u32);
        for byte in &self.seed {
            held = (held << 8) | u32::from(*byte);
            bits += 8;
            while bits >= 5 {
                bits -= 5;
                let index = usize::try_from((held >> bits) & 31).unwrap_or_default();
                text.extend(LETTERS.get(index).map(|l| char::from(*l)));
            }
            held &= (1 << bits) - 1;
        }
        if bits > 0 {
            let index = usize::try_from((held << (5 - bits)) & 31).unwrap_or_default();
            text.extend(LETTERS.get(index).map(|l| char::from(*l)));
        }
        text
    }

    /// Of a seed as text.
    pub fn parse(text: &str) -> Option<Self> {
        let (mut seed, mut held, mut bits) = (Vec::new(), 0u32, 0u32);
        for c in text.chars().filter(|c| !c.is_whitespace()) {
            let value = match c.to_ascii_uppercase() {
                c @ 'A'..='Z' => u32::from(c) - u32::from('A'),
                c @ '2'..='7' => u32::from(c) - u32::from('2') + 26,
                _ => return None,
            };
            held = (held << 5) | value;
            bits += 5;
            if bits >= 8 {
                bits -= 8;
                seed.push(u8::try_from((held >> bits) & 255).ok()?);
                held &= (1 << bits) - 1;
            }
        }
        Self::of(&seed).ok().filter(|_| seed.len() <= 64)
    }

    /// What an authenticator app scans. `hub` and `account` are names.
    pub fn uri(&self, hub: &str, account: &str) -> String {
        let seed = self.seed_text();
        format!(
            "otpauth://totp/Cloister%20{hub}:{account}?secret={seed}&issuer=Cloister%20{hub}&algorithm=SHA1&digits=6&period=30"
        )
    }

    /// Takes a code of now, or of the step before or after it, unless it or a later one was taken before.
    pub fn take(&mut self, text: &str, now: DateTime<Utc>) -> bool {
        let typed: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let step = now.timestamp().div_euclid(SECONDS);
        let mut taken = None;
        for step in [step - 1, step, step + 1] {
            let used = self.last_step.is_some_and(|last| step <= last);
            if same(&self.code(step), &typed) && !used {
                taken = Some(step);
            }
        }
        self.last_step = taken.or(self.last_step);
        taken.is_some()
    }

    /// The code of a step (RFC 4226, 5.3).
    fn code(&self, step: i64) -> String {
        let Ok(mac) = Hmac::<Sha1>::new_from_slice(&self.seed) else { return String::new() };
        let digest = mac.chain_update(step.to_be_bytes()).finalize().into_bytes();
        let offset = usize::from(digest.last().copied().unwrap_or_default() & 15);
        let word = digest.iter().skip(offset).take(4).fold(0u32, |word, b| (word << 8) | u32::from(*b));
        format!("{:06}", (word & 0x7fff_ffff) % 1_000_000)
    }

    /// The code of a moment: what an authenticator shows. For tests, and for whoever sets one up by hand.
    pub fn code_at(&self, now: DateTime<Utc>) -> String {
        self.code(now.timestamp().div_euclid(SECONDS))
    }
}

impl fmt::Debug for Totp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Totp")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    fn rfc() -> Totp {
        Totp::of(b"12345678901234567890").unwrap()
    }

    /// RFC 6238, appendix B, SHA-1; the last six of its eight digits.
    #[test]
    fn codes_are_rfc_6238s() {
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(rfc().code_at(at(seconds)), code);
            assert!(rfc().take(code, at(seconds)));
        }
    }

    /// RFC 4226, appendix D.
    #[test]
    fn codes_are_rfc_4226s() {
        let codes = [
            "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871",
            "520489",
        ];
        for (step, code) in (0i64..).zip(codes) {
            assert_eq!(rfc().code(step), code);
        }
    }

    #[test]
    fn a_code_opens_once_and_for_a_minute_and_a_half() {
        let mut totp = rfc();
        let now = 1_234_567_890;
        let code = totp.code_at(at(now));
        assert!(!totp.clone().take(&code, at(now + 61)) && !totp.clone().take(&code, at(now - 61)));
        assert!(totp.clone().take(&code, at(now + 30)) && totp.clone().take(&code, at(now - 30)));
        assert!(totp.take(&format!("{} {}", &code[..3], &code[3..]), at(now)));
        assert!(!totp.take(&code, at(now)), "the same code a second time");
        let before = totp.code_at(at(now - 30));
        assert!(!totp.take(&before, at(now)), "one from before the last");
        assert!(totp.take(&totp.code_at(at(now + 30)), at(now + 30)));
        assert!(!totp.take("", at(now + 90)) && !totp.take("000000x", at(now + 90)));
    }

    /// RFC 4648, 10, and Python's `base64.b32encode`.
    #[test]
    fn the_seed_as_text() {
        assert_eq!(rfc().seed_text(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(
            Totp::of(b"foobarfoobarfoobarfoo").unwrap().seed_text(),
            "MZXW6YTBOJTG633CMFZGM33PMJQXEZTPN4"
        );
        assert_eq!(Totp::parse("gezd gnbv GY3TQOJQGEZDGNBVGY3TQOJQ"), Some(rfc()));
        for text in ["", "GEZDGNBV", "1EZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", &"A".repeat(200)] {
            assert_eq!(Totp::parse(text), None, "{text}");
        }
        assert!(Totp::of(&[1; 19]).is_err());
        let uri = rfc().uri("north", "ada");
        assert!(uri.starts_with("otpauth://totp/Cloister%20north:ada?secret=GEZDGNBVGY3TQOJQ"));
    }
}
