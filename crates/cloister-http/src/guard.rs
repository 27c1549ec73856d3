//! What stands before every handler: who calls, how often, from where, and what answers carry.

mod caller;
mod headers;
mod origin;
mod rates;

pub(crate) use caller::{
    Caller, Need, Via, away_cookie_name, cookie_name, cookie_of, named_cookie, needs, optional,
};
pub(crate) use headers::{carry, limit_time};
pub(crate) use origin::same_site;
pub(crate) use rates::{limit, limit_sign_in};
