//! What a ticket stands for. It is no secret and opens nothing: who presents one is asked who they are.

use crate::fault::malformed;
use arrow::datatypes::Schema;
use arrow_flight::sql::{ProstMessageExt, TicketStatementQuery};
use arrow_flight::{FlightDescriptor, FlightEndpoint, FlightInfo};
use bytes::Bytes;
use prost::Message;
use serde::{Deserialize, Serialize};
use tonic::Status;

/// The longest that is read.
const BYTES_MAX: usize = 1_024;

/// What a ticket stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) enum Stands {
    /// The released table of a query.
    Release(String),
    /// What became of the cells of a query's table.
    Findings(String),
    /// The caller's queries in a project.
    Queries(String),
    /// A statement without a table.
    Nothing,
}

impl Stands {
    /// Reads a ticket's bytes.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Status> {
        let told = Some(bytes).filter(|b| b.len() <= BYTES_MAX).and_then(|b| serde_json::from_slice(b).ok());
        told.ok_or_else(|| malformed("This is no ticket of this server."))
    }

    fn bytes(&self) -> Bytes {
        serde_json::to_vec(self).map(Bytes::from).unwrap_or_default()
    }

    /// How a client fetches it: from where it asked.
    pub(crate) fn info(&self, descriptor: FlightDescriptor, schema: &Schema) -> Result<FlightInfo, Status> {
        let ticket = TicketStatementQuery { statement_handle: self.bytes() };
        info(ticket.as_any().encode_to_vec(), descriptor, schema)
    }
}

/// A flight of one part.
pub(crate) fn info(
    ticket: Vec<u8>,
    descriptor: FlightDescriptor,
    schema: &Schema,
) -> Result<FlightInfo, Status> {
    let ticket = arrow_flight::Ticket { ticket: ticket.into() };
    FlightInfo::new()
        .try_with_schema(schema)
        .map(|info| info.with_endpoint(FlightEndpoint::new().with_ticket(ticket)).with_descriptor(descriptor))
        .map_err(|_| crate::fault::internal())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_written_is_read() {
        for stands in [Stands::Release("req_1".into()), Stands::Queries("p".into()), Stands::Nothing] {
            assert_eq!(Stands::read(&stands.bytes()).unwrap(), stands);
        }
        let long = format!("{{\"release\":\"{}\"}}", "x".repeat(2_000));
        for bytes in
            [&b""[..], b"{}", b"\xff", b"{\"release\":1}", b"{\"file\":\"/etc/passwd\"}", long.as_bytes()]
        {
            assert!(Stands::read(bytes).is_err());
        }
    }
}
