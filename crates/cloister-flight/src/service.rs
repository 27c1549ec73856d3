//! Flight SQL's calls, each onto one use case of the hub.

use crate::binding;
use crate::call::Caller;
use crate::fault::{absent, internal, malformed, status, unsupported};
use crate::own;
use crate::prepared::Prepared;
use crate::running::{Came, Running};
use crate::session::{self, CloseSessionResult, GetSessionOptionsResult, SetSessionOptions};
use crate::stream::{self, Data, Table};
use crate::ticket::{Stands, info};
use crate::{catalogue, information};
use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::Schema;
use arrow_flight::decode::FlightRecordBatchStream;
use arrow_flight::error::FlightError;
use arrow_flight::flight_service_server::{FlightService, FlightServiceServer};
use arrow_flight::sql::server::{FlightSqlService, PeekableFlightDataStream};
use arrow_flight::sql::{
    ActionBeginTransactionRequest, ActionBeginTransactionResult, ActionCancelQueryRequest,
    ActionCancelQueryResult, ActionClosePreparedStatementRequest, ActionCreatePreparedStatementRequest,
    ActionCreatePreparedStatementResult, CommandGetCatalogs, CommandGetCrossReference, CommandGetDbSchemas,
    CommandGetExportedKeys, CommandGetImportedKeys, CommandGetPrimaryKeys, CommandGetSqlInfo,
    CommandGetTableTypes, CommandGetTables, CommandGetXdbcTypeInfo, CommandPreparedStatementQuery,
    CommandPreparedStatementUpdate, CommandStatementQuery, CommandStatementUpdate,
    DoPutPreparedStatementResult, ProstMessageExt, SqlInfo, TicketStatementQuery,
};
use arrow_flight::{
    Action, CancelFlightInfoRequest, CancelFlightInfoResult, CancelStatus, FlightDescriptor, FlightInfo,
    HandshakeRequest, HandshakeResponse, IpcMessage, SchemaAsIpc, Ticket,
};
use bytes::Bytes;
use cloister_hub::{Hub, RateLimit, Rates, Scope};
use cloister_model::Digest;
use futures::{Stream, StreamExt, TryStreamExt};
use prost::Message;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tonic::metadata::MetadataMap;
use tonic::service::Routes;
use tonic::{Code, Request, Response, Status, Streaming};

/// The largest message that is taken: a statement, or a row of values.
const MESSAGE_BYTES_MAX: usize = 4 << 20;

/// What most answers are.
type Flights = Result<Response<FlightInfo>, Status>;
type Rows = Result<Response<Data>, Status>;

/// The Flight SQL service of one hub.
#[derive(Clone, Debug)]
pub struct Flight {
    hub: Hub,
    running: Running,
    prepared: Prepared,
    rates: Arc<Rates>,
    limit: RateLimit,
}

impl Flight {
    /// The service of a hub, which a caller may call so often.
    pub fn new(hub: Hub, limit: RateLimit) -> Self {
        let rates = Arc::new(Rates::default());
        Self { hub, running: Running::new(), prepared: Prepared::default(), rates, limit }
    }

    /// Its routes, as gRPC over HTTP/2.
    pub fn routes(&self) -> Routes {
        let service = FlightServiceServer::new(self.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX);
        Routes::new(service)
    }

    /// Waits until the statements under way have ended, but not longer than this.
    pub async fn drain(&self, patience: Duration) {
        self.running.drain(patience).await;
    }

    /// Turns away whoever calls too often, by what they present.
    fn not_too_often(&self, metadata: &MetadataMap) -> Result<(), Status> {
        let presented = metadata.get("authorization").map(|v| v.as_bytes()).unwrap_or_default();
        // Not the token itself: a map of secrets is not to lie about.
        let who = Digest::of(presented).to_string();
        self.rates.take(&who, self.limit, Instant::now()).map_err(|seconds| {
            let text = format!("You ask too often. Try again in {seconds} seconds.");
            status(Code::ResourceExhausted, "too-many-requests", &text)
        })
    }

    async fn reader(&self, metadata: &MetadataMap) -> Result<Caller, Status> {
        self.not_too_often(metadata)?;
        Caller::of(&self.hub, metadata, &[Scope::Read, Scope::Query]).await
    }

    async fn asker(&self, metadata: &MetadataMap) -> Result<Caller, Status> {
        self.not_too_often(metadata)?;
        Caller::of(&self.hub, metadata, &[Scope::Query]).await
    }

    /// Runs a statement, and says how its table is fetched and what columns it has.
    async fn run(&self, caller: &Caller, sql: &str) -> Result<(Stands, Schema), Status> {
        if let Some(asked) = own::asked(sql) {
            return asked?.stands(&self.hub, caller).await;
        }
        match self.running.statement(&self.hub, caller, sql).await? {
            Came::Released(id) => {
                // Who may not take it out is told now, and not once they come for it.
                let schema = Table::peek(&self.hub, caller, &id).await?.schema().clone();
                Ok((Stands::Release(id), schema))
            }
            Came::Done => Ok((Stands::Nothing, Schema::empty())),
        }
    }

    async fn fetch(&self, caller: &Caller, stands: Stands) -> Rows {
        match stands {
            Stands::Release(id) => Ok(Table::open(&self.hub, caller, &id).await?.stream()),
            Stands::Findings(id) => Ok(stream::whole(own::findings(&self.hub, caller, &id).await?)),
            Stands::Queries(project) => Ok(stream::whole(own::queries(&self.hub, caller, &project).await?)),
            Stands::Nothing => Ok(stream::empty(Schema::empty())),
        }
    }

    async fn update(&self, caller: &Caller, sql: &str) -> Result<i64, Status> {
        match self.running.statement(&self.hub, caller, sql).await? {
            // Nobody is told how many rows a workspace table has.
            Came::Done | Came::Released(_) => Ok(-1),
        }
    }

    /// How a list is fetched: by the command itself.
    async fn listed(&self, command: Vec<u8>, request: Request<FlightDescriptor>, schema: &Schema) -> Flights {
        self.reader(request.metadata()).await?;
        Ok(Response::new(info(command, request.into_inner(), schema)?))
    }
}

/// The columns of a list that is made without asking for anything.
fn columns(built: Result<RecordBatch, FlightError>) -> Result<Schema, Status> {
    built.map(|batch| batch.schema().as_ref().clone()).map_err(|_| internal())
}

fn one(message: impl Message) -> Response<<Flight as FlightService>::DoActionStream> {
    let result = arrow_flight::Result { body: message.encode_to_vec().into() };
    Response::new(futures::stream::iter([Ok(result)]).boxed())
}

/// The row of values that a client sends.
async fn row(request: Request<PeekableFlightDataStream>) -> Result<RecordBatch, Status> {
    let data = request.into_inner().map_err(FlightError::from);
    let mut stream = FlightRecordBatchStream::new_from_flight_data(data);
    let mut batches = Vec::new();
    while let Some(batch) = stream.next().await {
        batches.push(batch.map_err(|_| malformed("The values cannot be read."))?);
        if batches.iter().map(RecordBatch::num_rows).sum::<usize>() > 1 {
            break;
        }
    }
    let schema = stream.schema().cloned().ok_or_else(|| malformed("No values were sent."))?;
    concat_batches(&schema, &batches).map_err(|_| malformed("The values cannot be read."))
}

#[tonic::async_trait]
impl FlightSqlService for Flight {
    type FlightService = Self;

    async fn do_handshake(
        &self,
        request: Request<Streaming<HandshakeRequest>>,
    ) -> Result<Response<Pin<Box<dyn Stream<Item = Result<HandshakeResponse, Status>> + Send>>>, Status> {
        self.not_too_often(request.metadata())?;
        let bearer = Caller::shake(&self.hub, request.metadata()).await?;
        let token = Bytes::copy_from_slice(bearer.as_bytes());
        let answer = HandshakeResponse { protocol_version: 0, payload: token };
        let mut response = Response::new(futures::stream::iter([Ok(answer)]).boxed() as Pin<Box<_>>);
        response.metadata_mut().insert("authorization", bearer);
        Ok(response)
    }

    async fn get_flight_info_statement(
        &self,
        query: CommandStatementQuery,
        request: Request<FlightDescriptor>,
    ) -> Flights {
        let caller = self.asker(request.metadata()).await?;
        let (stands, schema) = self.run(&caller, &query.query).await?;
        Ok(Response::new(stands.info(request.into_inner(), &schema)?))
    }

    async fn get_flight_info_prepared_statement(
        &self,
        query: CommandPreparedStatementQuery,
        request: Request<FlightDescriptor>,
    ) -> Flights {
        let caller = self.asker(request.metadata()).await?;
        let sql = self.prepared.text(&caller.name, &query.prepared_statement_handle)?;
        let (stands, schema) = self.run(&caller, &sql).await?;
        Ok(Response::new(stands.info(request.into_inner(), &schema)?))
    }

    async fn get_flight_info_catalogs(
        &self,
        query: CommandGetCatalogs,
        request: Request<FlightDescriptor>,
    ) -> Flights {
        let schema = columns(query.into_builder().build())?;
        self.listed(query.as_any().encode_to_vec(), request, &schema).await
    }

    async fn get_flight_info_schemas(
        &self,
        query: CommandGetDbSchemas,
        request: Request<FlightDescriptor>,
    ) -> Flights {
        let schema = query.clone().into_builder().schema();
        self.listed(query.as_any().encode_to_vec(), request, &schema).await
    }

    async fn get_flight_info_tables(
        &self,
        query: CommandGetTables,
        request: Request<FlightDescriptor>,
    ) -> Flights {
        let schema = query.clone().into_builder().schema();
        self.listed(query.as_any().encode_to_vec(), request, &schema).await
    }

    async fn get_flight_info_table_types(
        &self,
        query: CommandGetTableTypes,
        request: Request<FlightDescriptor>,
    ) -> Flights {
        let schema = catalogue::kinds()?.schema();
        self.listed(query.as_any().encode_to_vec(), request, &schema).await
    }

    async fn get_flight_info_sql_info(
        &self,
        query: CommandGetSqlInfo,
        request: Request<FlightDescriptor>,
    ) -> Flights {
        self.listed(query.as_any().encode_to_vec(), request, &information::server_schema()?).await
    }

    async fn get_flight_info_primary_keys(
        &self,
        query: CommandGetPrimaryKeys,
        request: Request<FlightDescriptor>,
    ) -> Flights {
        self.listed(query.as_any().encode_to_vec(), request, &catalogue::no_primary_keys()).await
    }

    async fn get_flight_info_exported_keys(
        &self,
        query: CommandGetExportedKeys,
        request: Request<FlightDescriptor>,
    ) -> Flights {
        self.listed(query.as_any().encode_to_vec(), request, &catalogue::no_foreign_keys()).await
    }

    async fn get_flight_info_imported_keys(
        &self,
        query: CommandGetImportedKeys,
        request: Request<FlightDescriptor>,
    ) -> Flights {
        self.listed(query.as_any().encode_to_vec(), request, &catalogue::no_foreign_keys()).await
    }

    async fn get_flight_info_cross_reference(
        &self,
        query: CommandGetCrossReference,
        request: Request<FlightDescriptor>,
    ) -> Flights {
        self.listed(query.as_any().encode_to_vec(), request, &catalogue::no_foreign_keys()).await
    }

    async fn get_flight_info_xdbc_type_info(
        &self,
        query: CommandGetXdbcTypeInfo,
        request: Request<FlightDescriptor>,
    ) -> Flights {
        self.listed(query.as_any().encode_to_vec(), request, &information::types_schema()?).await
    }

    async fn do_get_statement(&self, ticket: TicketStatementQuery, request: Request<Ticket>) -> Rows {
        let caller = self.asker(request.metadata()).await?;
        self.fetch(&caller, Stands::read(&ticket.statement_handle)?).await
    }

    async fn do_get_prepared_statement(
        &self,
        query: CommandPreparedStatementQuery,
        request: Request<Ticket>,
    ) -> Rows {
        let caller = self.asker(request.metadata()).await?;
        let sql = self.prepared.text(&caller.name, &query.prepared_statement_handle)?;
        let (stands, _) = self.run(&caller, &sql).await?;
        self.fetch(&caller, stands).await
    }

    async fn do_get_catalogs(&self, _: CommandGetCatalogs, request: Request<Ticket>) -> Rows {
        let caller = self.reader(request.metadata()).await?;
        Ok(stream::whole(catalogue::catalogues(&self.hub, &caller).await?))
    }

    async fn do_get_schemas(&self, query: CommandGetDbSchemas, request: Request<Ticket>) -> Rows {
        let caller = self.reader(request.metadata()).await?;
        Ok(stream::whole(catalogue::schemas(&self.hub, &caller, query).await?))
    }

    async fn do_get_tables(&self, query: CommandGetTables, request: Request<Ticket>) -> Rows {
        let caller = self.reader(request.metadata()).await?;
        Ok(stream::whole(catalogue::tables(&self.hub, &caller, query).await?))
    }

    async fn do_get_table_types(&self, _: CommandGetTableTypes, request: Request<Ticket>) -> Rows {
        self.reader(request.metadata()).await?;
        Ok(stream::whole(catalogue::kinds()?))
    }

    async fn do_get_sql_info(&self, query: CommandGetSqlInfo, request: Request<Ticket>) -> Rows {
        self.reader(request.metadata()).await?;
        Ok(stream::whole(information::of_server(query)?))
    }

    async fn do_get_primary_keys(&self, _: CommandGetPrimaryKeys, request: Request<Ticket>) -> Rows {
        self.reader(request.metadata()).await?;
        Ok(stream::empty(catalogue::no_primary_keys()))
    }

    async fn do_get_exported_keys(&self, _: CommandGetExportedKeys, request: Request<Ticket>) -> Rows {
        self.reader(request.metadata()).await?;
        Ok(stream::empty(catalogue::no_foreign_keys()))
    }

    async fn do_get_imported_keys(&self, _: CommandGetImportedKeys, request: Request<Ticket>) -> Rows {
        self.reader(request.metadata()).await?;
        Ok(stream::empty(catalogue::no_foreign_keys()))
    }

    async fn do_get_cross_reference(&self, _: CommandGetCrossReference, request: Request<Ticket>) -> Rows {
        self.reader(request.metadata()).await?;
        Ok(stream::empty(catalogue::no_foreign_keys()))
    }

    async fn do_get_xdbc_type_info(&self, query: CommandGetXdbcTypeInfo, request: Request<Ticket>) -> Rows {
        self.reader(request.metadata()).await?;
        Ok(stream::whole(information::of_types(query)?))
    }

    async fn do_put_statement_update(
        &self,
        query: CommandStatementUpdate,
        request: Request<PeekableFlightDataStream>,
    ) -> Result<i64, Status> {
        let caller = self.asker(request.metadata()).await?;
        self.update(&caller, &query.query).await
    }

    async fn do_put_prepared_statement_query(
        &self,
        query: CommandPreparedStatementQuery,
        request: Request<PeekableFlightDataStream>,
    ) -> Result<DoPutPreparedStatementResult, Status> {
        let caller = self.asker(request.metadata()).await?;
        let handle = query.prepared_statement_handle;
        let template = self.prepared.template(&caller.name, &handle)?;
        let values = binding::given(&template, &row(request).await?)?;
        self.prepared.bind(&caller.name, &handle, values)?;
        Ok(DoPutPreparedStatementResult { prepared_statement_handle: Some(handle) })
    }

    async fn do_put_prepared_statement_update(
        &self,
        query: CommandPreparedStatementUpdate,
        request: Request<PeekableFlightDataStream>,
    ) -> Result<i64, Status> {
        let caller = self.asker(request.metadata()).await?;
        let handle = query.prepared_statement_handle;
        let template = self.prepared.template(&caller.name, &handle)?;
        // Its values come with the call itself.
        if !template.parameters().is_empty() {
            let values = binding::given(&template, &row(request).await?)?;
            self.prepared.bind(&caller.name, &handle, values)?;
        }
        let sql = self.prepared.text(&caller.name, &handle)?;
        self.update(&caller, &sql).await
    }

    async fn do_action_create_prepared_statement(
        &self,
        query: ActionCreatePreparedStatementRequest,
        request: Request<Action>,
    ) -> Result<ActionCreatePreparedStatementResult, Status> {
        if query.transaction_id.is_some() {
            return Err(unsupported("There are no transactions."));
        }
        let caller = self.asker(request.metadata()).await?;
        let (handle, template) = self.prepared.keep(&caller.name, &query.query)?;
        let schema = binding::schema(&template);
        let parameter_schema = if schema.fields().is_empty() {
            Bytes::new()
        } else {
            let options = arrow::ipc::writer::IpcWriteOptions::default();
            let IpcMessage(bytes) = SchemaAsIpc::new(&schema, &options).try_into().map_err(|_| internal())?;
            bytes
        };
        // What columns the result has is known once it has been run.
        Ok(ActionCreatePreparedStatementResult {
            prepared_statement_handle: handle,
            dataset_schema: Bytes::new(),
            parameter_schema,
        })
    }

    async fn do_action_close_prepared_statement(
        &self,
        query: ActionClosePreparedStatementRequest,
        request: Request<Action>,
    ) -> Result<(), Status> {
        let caller = self.asker(request.metadata()).await?;
        self.prepared.close(&caller.name, &query.prepared_statement_handle);
        Ok(())
    }

    async fn do_action_begin_transaction(
        &self,
        _: ActionBeginTransactionRequest,
        _: Request<Action>,
    ) -> Result<ActionBeginTransactionResult, Status> {
        Err(unsupported("There are no transactions: a query reads dataset versions, which do not change."))
    }

    async fn do_action_cancel_query(
        &self,
        _: ActionCancelQueryRequest,
        request: Request<Action>,
    ) -> Result<ActionCancelQueryResult, Status> {
        self.asker(request.metadata()).await?;
        // Whoever knows of a flight knows that its query has ended.
        Ok(ActionCancelQueryResult { result: CancelStatus::NotCancellable as i32 })
    }

    async fn do_action_fallback(
        &self,
        request: Request<Action>,
    ) -> Result<Response<<Self as FlightService>::DoActionStream>, Status> {
        let caller = self.reader(request.metadata()).await?;
        let unread = |_| malformed("The action cannot be read.");
        let body = &request.get_ref().body;
        match request.get_ref().r#type.as_str() {
            "SetSessionOptions" => {
                let (chosen, told) = SetSessionOptions::decode(&**body).map_err(unread)?.catalogue();
                if let Some(name) = &chosen
                    && !caller.projects(&self.hub).await?.contains(name)
                {
                    return Err(absent());
                }
                let mut response = one(told);
                if chosen.is_some() {
                    session::keep(response.metadata_mut(), chosen.as_ref())?;
                }
                Ok(response)
            }
            "GetSessionOptions" => Ok(one(GetSessionOptionsResult::of(caller.named().cloned()))),
            "CloseSession" => {
                let mut response = one(CloseSessionResult { status: 1 });
                session::keep(response.metadata_mut(), None)?;
                Ok(response)
            }
            "CancelFlightInfo" => {
                CancelFlightInfoRequest::decode(&**body).map_err(unread)?;
                Ok(one(CancelFlightInfoResult { status: CancelStatus::NotCancellable as i32 }))
            }
            _ => Err(unsupported("There is no such action.")),
        }
    }

    async fn register_sql_info(&self, _: i32, _: &SqlInfo) {}
}
