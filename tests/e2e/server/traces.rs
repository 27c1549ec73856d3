//! What a collector of traces gets: routes and times, and nothing that anybody asked or was told.

use super::hub;
use cloister_tests::Server;
use serde_json::json;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// Takes one message off a connection and says that it was taken.
fn take(mut stream: TcpStream) -> Vec<u8> {
    let (mut bytes, mut part) = (Vec::new(), [0; 8_192]);
    loop {
        let Ok(read @ 1..) = stream.read(&mut part) else { return bytes };
        bytes.extend_from_slice(&part[..read]);
        let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        let length =
            head.lines().find_map(|l| l.strip_prefix("content-length: ")).map_or(0, |n| n.parse().unwrap());
        if bytes.len() >= end + 4 + length {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
            return bytes;
        }
    }
}

#[test]
fn traces_hold_routes_and_no_data() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let taken: Arc<Mutex<Vec<u8>>> = Arc::default();
    let all = taken.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let bytes = take(stream.unwrap());
            all.lock().unwrap().extend(bytes);
        }
    });
    let (hub, passwords) = hub();
    let settings = format!("[telemetry]\ntraces = \"http://{address}/v1/traces\"");
    let server = Server::start(&hub, &settings);
    let researcher = server.first_visit("researcher", &passwords["researcher"]);
    let sql = "SELECT count(*) AS a_secret_name FROM person WHERE birth_year > 1987";
    let ask = json!({ "sql": sql });
    let asked = researcher.call_with("POST", "/v1/projects/q/queries", &[("prefer", "wait=60")], Some(ask));
    assert_eq!(asked.expect(201).json()["state"], "released");
    researcher.call("GET", "/v1/queries/nobodys-secret", None).expect(404);
    assert_eq!(server.stop(), 0);
    let bytes = taken.lock().unwrap().clone();
    let has = |text: &str| bytes.windows(text.len()).any(|w| w == text.as_bytes());
    for told in [
        "POST /v1/traces",
        "cloisterd",
        "POST /v1/projects/{project}/queries",
        "http.route",
        "not-found",
        "query",
    ] {
        assert!(has(told), "{told}");
    }
    let password = "a phrase of rehcraeser";
    for kept in
        ["SELECT", "a_secret_name", "1987", "person", "nobodys-secret", password, &passwords["researcher"]]
    {
        assert!(!has(kept), "{kept}");
    }
}
