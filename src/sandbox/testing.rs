//! What the simulators' own tests share.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::platform::PlatformOptions;
use super::server::Server;

/// A message that the inlet of `options` takes.
pub(super) fn envelope(options: &PlatformOptions, entity: Value) -> Value {
    let (dataset, schema) = options.datasets.first_key_value().expect("a dataset");
    let schema_ref = json!({
        "id": schema,
        "contentType": "application/vnd.adobe.xed-full+json;version=1",
    });
    json!({
        "header": {
            "schemaRef": schema_ref,
            "imsOrgId": options.org_id,
            "datasetId": dataset,
            "source": {"name": "test"},
        },
        "body": {"xdmMeta": {"schemaRef": schema_ref}, "xdmEntity": entity},
    })
}

/// Sends one request with `Connection: close` and gives back every byte of the answer, until the
/// other side closes the connection in whatever way.
pub(super) async fn exchange(server: &Server, request_line: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(server.address())
        .await
        .expect("a connection");
    let length = body.len();
    let request = format!(
        "{request_line} HTTP/1.1\r\nHost: sandbox\r\nConnection: close\r\n\
         Authorization: Bearer sandbox-access-token\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = Vec::new();
    // An error is a way to close the connection; what came before it counts.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}
