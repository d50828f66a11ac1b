//! Logs that listeners ask for: where entries go, what an entry is, and which there are.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value};

use super::Collector;
use super::default::is_default;
use super::text_is::TextIs;

/// The file that keeps nothing.
pub const LOG_NOWHERE: &str = "/dev/null";

/// A log.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Log {
    /// Where its entries go.
    pub sink: LogSink,
    /// Which requests or connections have an entry; `None` for all.
    #[serde(skip_serializing_if = "is_default")]
    pub only: Option<LogFilter>,
}

impl Log {
    /// Who gets its entries, where they are not written to a file.
    pub fn collector(&self) -> Option<&Collector> {
        match &self.sink {
            LogSink::Collector(sink) => Some(&sink.collector),
            LogSink::File { .. } => None,
        }
    }

    /// Lets its entries go nowhere.
    pub fn silence(&mut self) {
        self.sink = LogSink::File { path: LOG_NOWHERE.to_owned(), entry: LogEntry::Standard };
    }
}

/// Where the entries of a log go.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum LogSink {
    /// To a file.
    File {
        /// The file; never empty.
        path: String,
        /// What an entry is.
        entry: LogEntry,
    },
    /// To a collector of OpenTelemetry.
    Collector(Box<CollectedLog>),
}

/// What an entry in a file is. Within texts stand operators of the proxy.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum LogEntry {
    /// A line as the proxy writes it.
    Standard,
    /// A text, with its line ends.
    Text(String),
    /// An object of JSON.
    Json(Map<String, Value>),
}

/// A log that a collector gets.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CollectedLog {
    /// Who gets the entries.
    pub collector: Collector,
    /// The name of the log; never empty.
    pub name: String,
    /// The host that the collector is asked for, where it is not that of its address.
    #[serde(skip_serializing_if = "is_default")]
    pub host: Option<String>,
    /// Headers of what is sent, in order.
    #[serde(skip_serializing_if = "is_default")]
    pub headers: Vec<(String, String)>,
    /// How long it may take to be accepted; `None` for as long as of all collectors.
    #[serde(skip_serializing_if = "is_default")]
    pub timeout: Option<Duration>,
    /// What an entry says; `None` for nothing.
    #[serde(skip_serializing_if = "is_default")]
    pub body: Option<LogValue>,
    /// What is said of an entry beside that.
    #[serde(skip_serializing_if = "is_default")]
    pub attributes: Vec<(String, LogValue)>,
    /// Values that filters keep, by their names: attributes too.
    #[serde(skip_serializing_if = "is_default")]
    pub kept_values: Vec<String>,
    /// Whether nothing is said of the proxy that it is not told to say.
    #[serde(skip_serializing_if = "is_default")]
    pub unlabelled: bool,
}

/// A value of an entry. Within texts stand operators of the proxy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum LogValue {
    /// A text.
    Text(String),
    /// A list.
    List(Vec<LogValue>),
    /// Values by their names.
    Fields(Vec<(String, LogValue)>),
}

/// Which requests or connections have an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum LogFilter {
    /// Those whose response has such a status.
    Status(LogNumber),
    /// Those that took so many milliseconds.
    Milliseconds(LogNumber),
    /// All but those that ask whether the proxy is there.
    NotHealthCheck,
    /// Those that may be traced.
    Traceable,
    /// A share of them.
    Share(LogShare),
    /// Those that all of these let through; two at least.
    All(Vec<LogFilter>),
    /// Those that one of these lets through; two at least.
    Any(Vec<LogFilter>),
    /// Those with such a header.
    Header(LogHeader),
    /// Those to which one of these happened, each by the proxy's own name for it; without any, those to which anything did.
    Happened(Vec<String>),
    /// Calls that ended with one of these statuses of gRPC, or with none of them.
    Calls {
        /// The statuses.
        statuses: Vec<u8>,
        /// Whether calls that ended so have no entry, and all others have.
        excluded: bool,
    },
}

/// A number that is compared with another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LogNumber {
    /// How it is compared.
    pub is: Comparison,
    /// The other.
    pub than: u32,
    /// The name by which whoever runs the proxy may set the other to another value.
    #[serde(skip_serializing_if = "is_default")]
    pub setting: String,
}

/// How two numbers are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Comparison {
    /// They are the same.
    Equal,
    /// The first is not below the second.
    AtLeast,
    /// The first is not above the second.
    AtMost,
}

/// A share of requests or connections.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LogShare {
    /// How many.
    pub numerator: u32,
    /// Of so many: 100, 10,000 or 1,000,000.
    pub denominator: u32,
    /// The name by which whoever runs the proxy may set another share; never empty.
    pub setting: String,
    /// Whether each draws anew. Otherwise those of one `x-request-id` have an entry at all proxies or at none.
    #[serde(skip_serializing_if = "is_default")]
    pub is_independent: bool,
}

/// A header that has to be there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LogHeader {
    /// The name; never empty.
    pub name: String,
    /// What its value is.
    pub is: LogHeaderIs,
    /// Whether all others are meant.
    #[serde(skip_serializing_if = "is_default")]
    pub inverted: bool,
}

/// What the value of a header is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum LogHeaderIs {
    /// Anything.
    Present,
    /// Nothing: the header is not there.
    Absent,
    /// A whole number from the first, below the second.
    Number(i64, i64),
    /// This text; none but that of the whole is empty.
    #[serde(untagged)]
    Text(TextIs),
}
