//! The command line.

use crate::command::airlock::AirlockArgs;
use crate::command::ledger::LedgerArgs;
use crate::command::person::PersonArgs;
use clap::{Args, Parser, Subcommand, ValueEnum};
use cloister_model::Name;
use std::path::PathBuf;

/// A trusted research environment: patient extracts go in, safe statistics come out.
#[derive(Debug, Parser)]
#[command(name = "cloister", version, max_term_width = 110)]
pub(crate) struct Cli {
    /// The hub's folder; a demonstration replaces what an earlier demonstration left in it.
    #[arg(long, global = true, env = "CLOISTER_HOME", default_value = "cloister-hub", value_name = "DIR")]
    pub(crate) home: PathBuf,
    /// A hub's server to ask in the place of a hub on this machine, such as https://hub.example.
    #[arg(long, global = true, env = "CLOISTER_SERVER", value_name = "URL")]
    pub(crate) server: Option<String>,
    /// Certificates (PEM) that the server's may be signed by, besides the system's.
    #[arg(long, global = true, env = "CLOISTER_CA_FILE", value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// A file with an access token, which only you may read; CLOISTER_TOKEN goes before it.
    #[arg(long, global = true, env = "CLOISTER_TOKEN_FILE", value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// A synthetic region, landed, queried and audited, in a folder of its own.
    Demo(DemoArgs),
    /// Set an empty hub up: settings, database, keys, audit log.
    Init(InitArgs),
    /// Land extracts, list dataset versions, compare the vault with them.
    Dataset(DatasetArgs),
    /// Provision projects, list them, stop them.
    Project(ProjectArgs),
    /// The tables that a project's queries may name.
    Tables(TablesArgs),
    /// One table: columns, types, classes, meanings, restrictions.
    Describe(DescribeArgs),
    /// Run a query in a project, explain it, or try it on invented rows.
    Query(QueryArgs),
    /// Keep queries by name, with parameters.
    Saved(SavedArgs),
    /// Approve queries of projects that run approved queries only.
    Approval(ApprovalArgs),
    /// Ask for the release of held results; check, decide and release them.
    Airlock(AirlockArgs),
    /// See what became of queries, and fetch what was released.
    Request(RequestArgs),
    /// See the tables and views that a project keeps.
    Workspace(WorkspaceArgs),
    /// Give people accounts, for a hub that is served (`cloisterd`).
    Person(PersonArgs),
    /// Sign in to a hub's server (--server), and keep the credential.
    SignIn(SignInArgs),
    /// End what signing in to a hub's server gave, and forget it.
    SignOut,
    /// Disclosure control of a table made elsewhere.
    Check(CheckArgs),
    /// Verify what a hub signed, without the hub: a release package, an exported audit log, a proof.
    Verify(VerifyArgs),
    /// Verify, show, prove or export the audit log.
    Audit(AuditArgs),
    /// What was released, and what a query says beside it; for checkers.
    Ledger(LedgerArgs),
    /// Test disclosure policies by the cases beside them; list and show them.
    Policy(PolicyArgs),
}

#[derive(Debug, Args)]
pub(crate) struct SignInArgs {
    /// Your name; asked for where it is needed and absent.
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// With a password, where there is a sign-in provider too.
    #[arg(long)]
    pub(crate) password: bool,
}

/// A table, a policy, and what the table does not say itself.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The table: delimited text, long or wide.
    pub(crate) file: PathBuf,
    /// The disclosure policy: a file, or the name of one of the hub's.
    #[arg(long, value_name = "POLICY")]
    pub(crate) policy: String,
    /// Which labels are parts of which; several files may be given.
    #[arg(long, value_name = "H.toml")]
    pub(crate) hierarchy: Vec<PathBuf>,
    /// A folder to write, which must not exist: the protected table and the findings.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Replace the folder of an earlier check.
    #[arg(long, requires = "out")]
    pub(crate) force: bool,
    /// Attack a table that has been suppressed already, and list what can be worked out.
    #[arg(long, conflicts_with = "out")]
    pub(crate) audit: bool,
    /// The column with the people behind each cell.
    #[arg(long, value_name = "COLUMN")]
    pub(crate) count: Option<String>,
    /// The column with a sum of amounts.
    #[arg(long, value_name = "COLUMN")]
    pub(crate) value: Option<String>,
    /// The column with the greatest contribution to the sum.
    #[arg(long, value_name = "COLUMN", requires = "value")]
    pub(crate) top1: Option<String>,
    /// The column with the second greatest contribution.
    #[arg(long, value_name = "COLUMN", requires = "top1")]
    pub(crate) top2: Option<String>,
    /// The columns with labels.
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub(crate) keys: Vec<String>,
    /// A label of totals, where it has another name than usual.
    #[arg(long, value_name = "LABEL")]
    pub(crate) total: Vec<String>,
    /// What separates decimals: `.` or `,`.
    #[arg(long, value_name = "MARK", value_parser = decimal)]
    pub(crate) decimal: Option<char>,
    /// What a marker in a suppressed table means: `x=1..9`, `-=0`, `low=0..2`.
    #[arg(long, value_name = "TEXT=LOW..HIGH", value_parser = pair, requires = "audit")]
    pub(crate) marker: Vec<(String, String)>,
    /// The base that a suppressed table has been rounded to.
    #[arg(long, value_name = "BASE", value_parser = clap::value_parser!(u32).range(1..=1_000_000), requires = "audit")]
    pub(crate) rounded: Option<u32>,
    /// A combination of labels without a row is an empty one.
    #[arg(long)]
    pub(crate) absent_is_zero: bool,
    /// A cell to keep where that is possible: `column=label,column=label`; a column that is not named means its total.
    #[arg(long, value_name = "CELL")]
    pub(crate) important: Vec<String>,
    /// The form of the findings on standard output.
    #[arg(long, value_enum, default_value_t = FindingsFormat::Text)]
    pub(crate) format: FindingsFormat,
}

/// How findings are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FindingsFormat {
    /// For people.
    Text,
    /// One object.
    Json,
}

/// A decimal mark.
fn decimal(text: &str) -> Result<char, String> {
    match text {
        "." => Ok('.'),
        "," => Ok(','),
        _ => Err("write . or ,".to_owned()),
    }
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// How many synthetic people.
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(100..=2_000_000))]
    pub(crate) people: u32,
    /// Do not go on as the server of the pages, where this is a terminal.
    #[arg(long)]
    pub(crate) no_serve: bool,
}

#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// The hub's name. It goes into every pseudonym and never changes.
    #[arg(long, default_value = "hub")]
    pub(crate) name: Name,
    /// Who sets it up.
    #[arg(long = "as", value_name = "USER", default_value = "admin")]
    pub(crate) user: Name,
    /// Keep the metadata on the PostgreSQL server whose address (`postgres://user:password@host/database`) is in this
    /// file, which only its owner may read; without it, in the home.
    #[arg(long, value_name = "FILE")]
    pub(crate) database_url_file: Option<PathBuf>,
    /// The schema on that server which is this hub's alone.
    #[arg(long, value_name = "NAME", default_value = "cloister", requires = "database_url_file")]
    pub(crate) database_schema: String,
}

#[derive(Debug, Args)]
pub(crate) struct DatasetArgs {
    #[command(subcommand)]
    pub(crate) command: DatasetCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DatasetCommand {
    /// One extract in, one dataset version out.
    Land {
        /// The written description of the dataset.
        contract: PathBuf,
        /// Files of the extract, or folders of them.
        #[arg(long, required = true, num_args = 1.., value_name = "PATH")]
        from: Vec<PathBuf>,
        /// Who lands it; `admin` where nobody has an account.
        #[arg(long = "as", value_name = "USER")]
        user: Option<Name>,
    },
    /// Every dataset version.
    List,
    /// One version's tables and columns.
    Show {
        /// The dataset.
        dataset: Name,
        /// The version; the newest where absent.
        #[arg(long)]
        version: Option<u32>,
    },
    /// Hash every file in the vault again and compare it with what was landed.
    Verify {
        /// Only this dataset.
        dataset: Option<Name>,
        /// Who asks; `admin` where nobody has an account.
        #[arg(long = "as", value_name = "USER")]
        user: Option<Name>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ProjectArgs {
    #[command(subcommand)]
    pub(crate) command: ProjectCommand,
    /// Who asks. Where the hub's people have accounts, it is whose token it is; else `admin` where absent.
    #[arg(long = "as", global = true, value_name = "USER")]
    pub(crate) user: Option<Name>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ProjectCommand {
    /// Provision a project from its written description.
    Create {
        /// The description.
        project: PathBuf,
    },
    /// Every project.
    List,
    /// One project: people, dates, tables and columns.
    Show {
        /// The project.
        project: Name,
    },
    /// Stop a project for a while.
    Suspend {
        /// The project.
        project: Name,
    },
    /// Let a suspended project run again.
    Resume {
        /// The project.
        project: Name,
    },
    /// End a project for good.
    Close {
        /// The project.
        project: Name,
    },
}

/// How an answer is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Table,
    /// Only the released table.
    Csv,
    /// One object, whatever became of the query.
    Json,
    /// Only the released table, as an Arrow IPC stream.
    Arrow,
}

/// A project and who asks in it.
#[derive(Debug, Args)]
pub(crate) struct InProject {
    /// The project.
    #[arg(long)]
    pub(crate) project: Name,
    /// Who asks. Where the hub's people have accounts, it is whose token it is.
    #[arg(long = "as", value_name = "USER")]
    pub(crate) user: Option<Name>,
}

/// For people, or one JSON object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ViewFormat {
    /// For people.
    Table,
    /// One object.
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct TablesArgs {
    #[command(flatten)]
    pub(crate) at: InProject,
    /// The form of the answer.
    #[arg(long, value_enum, default_value_t = ViewFormat::Table)]
    pub(crate) format: ViewFormat,
}

#[derive(Debug, Args)]
pub(crate) struct DescribeArgs {
    /// The table, with its schema where several datasets have one of its name.
    pub(crate) table: String,
    #[command(flatten)]
    pub(crate) at: InProject,
    /// The form of the answer.
    #[arg(long, value_enum, default_value_t = ViewFormat::Table)]
    pub(crate) format: ViewFormat,
}

#[derive(Debug, Args)]
pub(crate) struct QueryArgs {
    #[command(flatten)]
    pub(crate) at: InProject,
    /// The form of the answer on standard output.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
    /// The SQL.
    #[arg(required_unless_present_any = ["file", "saved"], conflicts_with_all = ["file", "saved"])]
    pub(crate) sql: Option<String>,
    /// A file with the SQL.
    #[arg(long, conflicts_with = "saved")]
    pub(crate) file: Option<PathBuf>,
    /// A saved query of the project.
    #[arg(long, value_name = "NAME")]
    pub(crate) saved: Option<Name>,
    /// A parameter's value: NAME=VALUE.
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) params: Vec<(String, String)>,
    /// A parameter's domain: NAME=int:1900..2010:10, NAME=text:F|M, NAME=date:2020-01-01..2024-12-31.
    #[arg(long = "param-domain", value_name = "NAME=DOMAIN", value_parser = pair, conflicts_with = "saved")]
    pub(crate) domains: Vec<(String, String)>,
    /// Plan and check it, and run nothing.
    #[arg(long, conflicts_with = "twin")]
    pub(crate) explain: bool,
    /// Run it on invented rows, without any restriction.
    #[arg(long)]
    pub(crate) twin: bool,
}

/// `name=value`.
fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write NAME=VALUE".to_owned()),
    }
}

#[derive(Debug, Args)]
pub(crate) struct SavedArgs {
    #[command(subcommand)]
    pub(crate) command: SavedCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SavedCommand {
    /// Keep a query under a name, in the place of an earlier one.
    Put {
        /// Its name.
        name: Name,
        #[command(flatten)]
        at: InProject,
        /// The SQL.
        #[arg(required_unless_present = "file", conflicts_with = "file")]
        sql: Option<String>,
        /// A file with the SQL.
        #[arg(long)]
        file: Option<PathBuf>,
        /// A parameter's domain, as for `query`; it may stand at the head of the SQL instead.
        #[arg(long = "param-domain", value_name = "NAME=DOMAIN", value_parser = pair)]
        domains: Vec<(String, String)>,
    },
    /// The project's saved queries.
    List {
        #[command(flatten)]
        at: InProject,
    },
    /// One of them.
    Show {
        /// Its name.
        name: Name,
        #[command(flatten)]
        at: InProject,
    },
    /// Forget one.
    Remove {
        /// Its name.
        name: Name,
        #[command(flatten)]
        at: InProject,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ApprovalArgs {
    #[command(subcommand)]
    pub(crate) command: ApprovalCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ApprovalCommand {
    /// Let a query run: its plan, on the dataset versions and under the policy of now.
    Grant {
        #[command(flatten)]
        at: InProject,
        /// The request that asked for it.
        #[arg(long, required_unless_present = "saved", conflicts_with = "saved")]
        request: Option<String>,
        /// A saved query, for every value of its parameters.
        #[arg(long, value_name = "NAME")]
        saved: Option<Name>,
    },
    /// The project's approvals.
    List {
        #[command(flatten)]
        at: InProject,
    },
    /// Take one back, for good.
    Revoke {
        /// Its id.
        approval: String,
        #[command(flatten)]
        at: InProject,
    },
}

#[derive(Debug, Args)]
pub(crate) struct RequestArgs {
    #[command(subcommand)]
    pub(crate) command: RequestCommand,
    /// Who asks. Where the hub's people have accounts, it is whose token it is; else `admin` where absent.
    #[arg(long = "as", global = true, value_name = "USER")]
    pub(crate) user: Option<Name>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RequestCommand {
    /// The requests that you may see.
    List,
    /// One request.
    Show {
        /// Its id.
        request: String,
    },
    /// A released request's table.
    Fetch {
        /// Its id.
        request: String,
        /// Its form.
        #[arg(long, value_enum, default_value_t = FetchFormat::Csv)]
        format: FetchFormat,
        /// A file to write, which must not exist; standard output where absent.
        #[arg(long)]
        out: Option<PathBuf>,
    },
}

/// The form of a fetched release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FetchFormat {
    /// The table.
    Csv,
    /// The table as Parquet.
    Parquet,
    /// The whole package: table, query, policy, decision, RO-Crate, index and signature.
    Zip,
    /// The whole answer.
    Json,
    /// The table as an Arrow IPC stream.
    Arrow,
    /// The query.
    Sql,
    /// The page that shows all of it.
    Page,
}

#[derive(Debug, Args)]
pub(crate) struct WorkspaceArgs {
    #[command(subcommand)]
    pub(crate) command: WorkspaceCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum WorkspaceCommand {
    /// Every table and view of a project's workspace.
    List {
        #[command(flatten)]
        at: InProject,
    },
}

#[derive(Debug, Args)]
pub(crate) struct PolicyArgs {
    #[command(subcommand)]
    pub(crate) command: PolicyCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Run every case beside a policy (`cases/NAME.toml` in the policy's folder).
    Test {
        /// The policies' files; where there are none, those of the hub.
        files: Vec<PathBuf>,
    },
    /// Every policy of the hub.
    List,
    /// A policy's rules and where its numbers come from.
    Show {
        /// Its name.
        policy: Name,
    },
}

#[derive(Debug, Args)]
pub(crate) struct AuditArgs {
    #[command(subcommand)]
    pub(crate) command: AuditCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Check every record against the signed checkpoints.
    Verify,
    /// Every event, oldest first.
    Show,
    /// Records and checkpoints as lines of JSON that can be verified elsewhere.
    Export,
    /// The proof that one record is in the log, for who has the hub's public key only (`cloister verify`).
    Receipt {
        /// The record's number.
        number: u64,
    },
    /// The proof that the log only grew since a checkpoint (`cloister verify`).
    Consistency {
        /// How many records the earlier checkpoint covers.
        earlier: u64,
    },
}

/// What a hub signed, and whose it should be.
#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// A release package (a folder, or a ZIP file), an exported audit log, a receipt, or a proof of consistency.
    pub(crate) package: PathBuf,
    /// The hub's public key: the file `audit/audit.pub` of its home, or its text.
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,
}
