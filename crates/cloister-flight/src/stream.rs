//! Tables on their way to a client: batch by batch, so that memory stays flat however long they are.

use crate::call::Caller;
use crate::fault::{internal, of_error};
use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::ipc::reader::StreamReader;
use arrow_flight::FlightData;
use arrow_flight::encode::FlightDataEncoderBuilder;
use arrow_flight::error::FlightError;
use cloister_hub::{Hub, PackageFile};
use futures::{Stream, StreamExt, TryStreamExt};
use std::fs::File;
use std::io::BufReader;
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::mpsc;
use tonic::{Response, Status};

/// What a call answers with.
pub(crate) type Data = Pin<Box<dyn Stream<Item = Result<FlightData, Status>> + Send + 'static>>;

/// The key of the query's id in a table's metadata.
const REQUEST: &str = "cloister:request";

/// Batches that wait for a slow client.
const AHEAD: usize = 2;

/// A released table, opened.
pub(crate) struct Table {
    reader: StreamReader<BufReader<File>>,
    schema: SchemaRef,
}

impl Table {
    /// Opens the table of a released query. The hub asks whether the caller may take it out, and records that they did.
    pub(crate) async fn open(hub: &Hub, caller: &Caller, query: &str) -> Result<Self, Status> {
        let opened = hub.open_release(query, &caller.name, PackageFile::Arrow).await;
        Self::of(opened.map_err(|e| of_error(&e))?, query)
    }

    /// Opens it to see its columns. The hub asks the same.
    pub(crate) async fn peek(hub: &Hub, caller: &Caller, query: &str) -> Result<Self, Status> {
        let opened = hub.peek_release(query, &caller.name, PackageFile::Arrow).await;
        Self::of(opened.map_err(|e| of_error(&e))?, query)
    }

    fn of(file: File, query: &str) -> Result<Self, Status> {
        let reader = StreamReader::try_new(BufReader::new(file), None).map_err(|_| internal())?;
        let mut metadata = reader.schema().metadata().clone();
        metadata.insert(REQUEST.to_owned(), query.to_owned());
        let schema = Arc::new(Schema::new_with_metadata(reader.schema().fields().clone(), metadata));
        Ok(Self { reader, schema })
    }

    pub(crate) fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Its rows. A thread reads no further ahead than the client takes.
    pub(crate) fn stream(self) -> Response<Data> {
        let (send, mut receive) = mpsc::channel(AHEAD);
        let schema = Arc::clone(&self.schema);
        tokio::task::spawn_blocking(move || {
            for batch in self.reader {
                let batch = batch.and_then(|b| b.with_schema(Arc::clone(&self.schema)));
                let last = batch.is_err();
                if send.blocking_send(batch.map_err(FlightError::from)).is_err() || last {
                    return;
                }
            }
        });
        encoded(schema, futures::stream::poll_fn(move |context| receive.poll_recv(context)))
    }
}

/// A small table that was made here.
pub(crate) fn whole(batch: RecordBatch) -> Response<Data> {
    encoded(batch.schema(), futures::stream::iter([Ok(batch)]))
}

/// A table without rows.
pub(crate) fn empty(schema: Schema) -> Response<Data> {
    encoded(Arc::new(schema), futures::stream::empty())
}

fn encoded(
    schema: SchemaRef,
    batches: impl Stream<Item = Result<RecordBatch, FlightError>> + Send + 'static,
) -> Response<Data> {
    let encoder = FlightDataEncoderBuilder::new().with_schema(schema).build(batches);
    // What is wrong with a file of ours is not told outside.
    let data = encoder.map_err(|error| {
        tracing::error!(error = %error, "a table cannot be sent");
        internal()
    });
    Response::new(data.boxed())
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::Int64Array;
    use arrow::datatypes::{DataType, Field};
    use arrow::ipc::writer::StreamWriter;
    use std::io::{Seek, Write};

    /// What is resident of this process, in KiB.
    fn resident() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|l| l.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// Ten million cells, of which no more than a few batches are in memory at once.
    #[tokio::test(flavor = "multi_thread")]
    async fn memory_stays_flat_however_long_a_table_is() {
        let fields: Vec<Field> =
            (0..10).map(|i| Field::new(format!("c{i}"), DataType::Int64, true)).collect();
        let schema = Arc::new(Schema::new(fields));
        let mut file = tempfile();
        let rows = 10_000i64;
        let mut writer = StreamWriter::try_new(&mut file, &schema).unwrap();
        for batch in 0..100i64 {
            let columns = (0..10).map(|_| {
                let numbers: Int64Array = (batch * rows..(batch + 1) * rows).collect();
                Arc::new(numbers) as arrow::array::ArrayRef
            });
            writer.write(&RecordBatch::try_new(schema.clone(), columns.collect()).unwrap()).unwrap();
        }
        writer.finish().unwrap();
        drop(writer);
        file.flush().unwrap();
        file.rewind().unwrap();
        let mut data = Table::of(file, "req_1").unwrap().stream().into_inner();
        let (mut bytes, mut most, mut before) = (0usize, 0, 0);
        let mut messages = 0;
        while let Some(message) = data.next().await {
            bytes += message.unwrap().data_body.len();
            messages += 1;
            if messages == 10 {
                before = resident();
            }
            if messages % 50 == 0 {
                most = most.max(resident());
            }
        }
        assert!(bytes > 80_000_000, "{bytes}");
        assert!(most < before + 40 * 1_024, "from {before} to {most} KiB");
    }

    fn tempfile() -> File {
        let path = std::env::temp_dir().join(format!("cloister-flight-{}.arrow", std::process::id()));
        let options = File::options().read(true).write(true).create(true).truncate(true).open(&path).unwrap();
        std::fs::remove_file(path).unwrap();
        options
    }
}
