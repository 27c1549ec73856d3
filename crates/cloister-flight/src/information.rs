//! What the server tells drivers of itself, and of the types that its tables have.

use crate::fault::internal;
use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use arrow_flight::sql::metadata::{
    SqlInfoData, SqlInfoDataBuilder, XdbcTypeInfo, XdbcTypeInfoData, XdbcTypeInfoDataBuilder,
};
use arrow_flight::sql::{
    CommandGetSqlInfo, CommandGetXdbcTypeInfo, Nullable, Searchable, SqlInfo, XdbcDataType,
};
use tonic::Status;

fn info() -> Result<SqlInfoData, Status> {
    let mut all = SqlInfoDataBuilder::new();
    all.append(SqlInfo::FlightSqlServerName, "Cloister");
    all.append(SqlInfo::FlightSqlServerVersion, env!("CARGO_PKG_VERSION"));
    // The version of the columnar format.
    all.append(SqlInfo::FlightSqlServerArrowVersion, "1.5");
    // Of datasets. A workspace has tables of its own.
    all.append(SqlInfo::FlightSqlServerReadOnly, true);
    all.append(SqlInfo::FlightSqlServerSql, true);
    all.append(SqlInfo::FlightSqlServerSubstrait, false);
    all.append(SqlInfo::FlightSqlServerTransaction, 0i32);
    // A statement ends when its call is cancelled; there is no action for it.
    all.append(SqlInfo::FlightSqlServerCancel, false);
    all.append(SqlInfo::FlightSqlServerBulkIngestion, false);
    all.append(SqlInfo::FlightSqlServerStatementTimeout, 0i32);
    all.append(SqlInfo::FlightSqlServerTransactionTimeout, 0i32);
    all.append(SqlInfo::SqlDdlCatalog, false);
    all.append(SqlInfo::SqlDdlSchema, false);
    all.append(SqlInfo::SqlDdlTable, false);
    // Identifiers: as they are written in lower case; in quotes as they stand.
    all.append(SqlInfo::SqlIdentifierCase, 3i32);
    all.append(SqlInfo::SqlQuotedIdentifierCase, 1i32);
    all.append(SqlInfo::SqlIdentifierQuoteChar, "\"");
    all.append(SqlInfo::SqlAllTablesAreSelectable, true);
    all.append(SqlInfo::SqlNullOrdering, 0i32);
    all.append(SqlInfo::SqlSearchStringEscape, "\\");
    all.append(SqlInfo::SqlSupportsColumnAliasing, true);
    all.append(SqlInfo::SqlNullPlusNullIsNull, true);
    all.append(SqlInfo::SqlSupportsTableCorrelationNames, true);
    all.append(SqlInfo::SqlSupportsExpressionsInOrderBy, true);
    all.append(SqlInfo::SqlSchemaTerm, "dataset");
    all.append(SqlInfo::SqlCatalogTerm, "project");
    all.append(SqlInfo::SqlCatalogAtStart, true);
    all.append(SqlInfo::SqlSelectForUpdateSupported, false);
    all.append(SqlInfo::SqlStoredProceduresSupported, false);
    all.append(SqlInfo::SqlCorrelatedSubqueriesSupported, true);
    all.build().map_err(|_| internal())
}

/// What a client asks about the server.
pub(crate) fn of_server(query: CommandGetSqlInfo) -> Result<RecordBatch, Status> {
    query.into_builder(&info()?).build().map_err(|_| internal())
}

/// Its columns.
pub(crate) fn server_schema() -> Result<Schema, Status> {
    Ok(info()?.schema().as_ref().clone())
}

fn types() -> Result<XdbcTypeInfoData, Status> {
    let text = |prefix: &str| Some(prefix.to_owned());
    let mut all = XdbcTypeInfoDataBuilder::new();
    let plain = |name: &str, kind: XdbcDataType, size: i32| XdbcTypeInfo {
        type_name: name.to_owned(),
        data_type: kind,
        sql_data_type: kind,
        column_size: Some(size),
        nullable: Nullable::NullabilityNullable,
        searchable: Searchable::Full,
        local_type_name: Some(name.to_owned()),
        ..XdbcTypeInfo::default()
    };
    let number = |name: &str, kind: XdbcDataType, size: i32| XdbcTypeInfo {
        unsigned_attribute: Some(false),
        auto_increment: Some(false),
        num_prec_radix: Some(10),
        ..plain(name, kind, size)
    };
    let quoted = |name: &str, kind: XdbcDataType, size: i32, prefix: &str| XdbcTypeInfo {
        literal_prefix: text(prefix),
        literal_suffix: text("'"),
        ..plain(name, kind, size)
    };
    all.append(plain("BOOLEAN", XdbcDataType::XdbcBit, 1));
    all.append(number("INTEGER", XdbcDataType::XdbcInteger, 10));
    all.append(number("BIGINT", XdbcDataType::XdbcBigint, 19));
    all.append(number("DOUBLE", XdbcDataType::XdbcDouble, 15));
    all.append(number("DECIMAL", XdbcDataType::XdbcDecimal, 38));
    all.append(XdbcTypeInfo {
        case_sensitive: true,
        ..quoted("VARCHAR", XdbcDataType::XdbcVarchar, i32::MAX, "'")
    });
    all.append(quoted("DATE", XdbcDataType::XdbcDate, 10, "DATE '"));
    all.append(quoted("TIMESTAMP", XdbcDataType::XdbcTimestamp, 26, "TIMESTAMP '"));
    all.build().map_err(|_| internal())
}

/// What a client asks about types.
pub(crate) fn of_types(query: CommandGetXdbcTypeInfo) -> Result<RecordBatch, Status> {
    query.into_builder(&types()?).build().map_err(|_| internal())
}

/// Its columns.
pub(crate) fn types_schema() -> Result<Schema, Status> {
    Ok(types()?.schema().as_ref().clone())
}
