//! Connections to other machines: HTTP over the connections of `communicado_net`.

mod http;

pub(crate) use communicado_net::{Connector, Endpoint, Peer, is_this_machine, read_ca};

pub(crate) use self::http::{HttpClient, HttpRequest, HttpResponse, Server, parse_header};
