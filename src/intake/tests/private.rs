//! Promise 41: what a reporter sends about itself is in no log and no metric.

use std::{
    io::{self, Write},
    sync::{Mutex, PoisonError},
};

use super::*;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn p41_nothing_of_a_reporter_is_written_down() {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    // On this thread alone, so the runtime has to be this thread, too.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (text, canaries) = tracing::subscriber::with_default(subscriber, || {
        runtime.block_on(async {
            let scene = Scene::new().await;
            let canaries = requests(&scene).await;
            (scene.intake.metrics.text(), canaries)
        })
    });
    let lines = lines.0.lock().unwrap_or_else(PoisonError::into_inner);
    let log = String::from_utf8_lossy(&lines) + &*text;
    assert!(log.contains("/reports/{id}/receipt"), "there is a log");
    for canary in canaries {
        assert!(!log.contains(&canary), "{canary} in {log}");
    }
}

/// Requests with canaries wherever a client can put one; gives the canaries.
async fn requests(scene: &Scene) -> Vec<String> {
    let case = token(1);
    let id = scene.report(&case, 100).await;
    let name = data_encoding::BASE64.encode(b"canary-file.pdf");
    let upload = scene.ask(Method::POST, "/reports").tus();
    let upload = upload
        .header("upload-length", "100")
        .header("upload-metadata", &format!("filename {name}"))
        .header("idempotency-key", "canary-key")
        .header("user-agent", "canary-agent")
        .header("x-forwarded-for", "203.0.113.77")
        .send()
        .await;
    let path = upload.header("location").to_owned();
    for asking in [
        scene.get(&format!("/reports/{id}/receipt")).bearer(&case),
        scene.get(&format!("/reports/{id}")).bearer(&token(2)),
        scene.get("/reports?cursor=canary-cursor").bearer(&case),
        scene.get("/canary-path?canary-query=1"),
        scene.post("/reports", "canary-body"),
        scene
            .post("/reports", sealed(1))
            .header("sealpost-case", "canary-case"),
        scene.patch(&path, 0, "canary-chunk"),
    ] {
        let asking = asking.header("user-agent", "canary-agent");
        asking.header("cookie", "canary-cookie").send().await;
    }
    let upload_id = path.rsplit('/').next().unwrap().to_owned();
    vec![
        "canary".to_owned(),
        "203.0.113".to_owned(),
        name,
        id,
        upload_id,
        case.expose().to_owned(),
        case.hash().to_header(),
    ]
}
