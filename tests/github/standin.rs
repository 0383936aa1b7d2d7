//! A stand-in for GitHub's API: repositories, accounts and advisories, with their state and
//! permissions, and the faults that the real one has.
//!
//! The rules are those that GitHub documents with its endpoints. Every request is kept, so that a
//! test can say what was sent.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{
    Router,
    body::Bytes,
    extract::{Path, Query, State},
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::{Value, json};

use super::store::{Advisory, Hub};

/// What is to go wrong with the next requests that would change something.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fault {
    /// An empty 500, and nothing was done.
    Nothing,
    /// An empty 500, and it was done all the same.
    DoneAllTheSame,
    /// The same, and it shows in the list only at the third look.
    DoneLate,
    /// An answer that is cut, and nothing was done.
    Cut,
    /// A secondary rate limit.
    TooOften,
}

/// One request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) token: Option<String>,
    pub(crate) body: String,
    pub(crate) status: u16,
}

/// A server on a port of this machine, until it is dropped.
pub(crate) struct StandIn {
    pub(crate) address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
    _runtime: tokio::runtime::Runtime,
}

pub(crate) struct Shared {
    pub(crate) hub: Hub,
    pub(crate) faults: Vec<Fault>,
    pub(crate) asked: Vec<Asked>,
    /// An Enterprise Server knows nothing of advisories.
    pub(crate) is_enterprise_server: bool,
}

type Site = State<Arc<Mutex<Shared>>>;

impl StandIn {
    pub(crate) fn start(hub: Hub) -> Self {
        let shared = Arc::new(Mutex::new(Shared {
            hub,
            faults: Vec::new(),
            asked: Vec::new(),
            is_enterprise_server: false,
        }));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let address = listener.local_addr().unwrap();
        shared.lock().unwrap().hub.base = format!("http://{address}");
        let advisories = "/repos/{owner}/{repo}/security-advisories";
        let router = Router::new()
            .route("/user", get(user))
            .route(
                "/repos/{owner}/{repo}/private-vulnerability-reporting",
                get(private_reporting),
            )
            .route(advisories, get(list).post(create))
            .route(&format!("{advisories}/reports"), post(report))
            .route(&format!("{advisories}/{{id}}"), get(one).patch(update))
            .route(&format!("{advisories}/{{id}}/cve"), post(request_cve))
            .route(&format!("{advisories}/{{id}}/forks"), post(fork))
            .fallback(|| async { refusal(StatusCode::NOT_FOUND, "Not Found", &[]) })
            .layer(axum::middleware::from_fn_with_state(
                shared.clone(),
                written_down,
            ))
            .with_state(shared.clone());
        runtime.spawn(serve(listener, router));
        Self {
            address,
            shared,
            _runtime: runtime,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap()
    }

    /// How often something was posted to a path that ends like this.
    pub(crate) fn posts(&self, ending: &str) -> usize {
        let shared = self.lock();
        let posts = shared
            .asked
            .iter()
            .filter(|one| one.method == "POST" && one.path.ends_with(ending));
        posts.count()
    }
}

/// axum's own server wants a feature that the project does not have.
async fn serve(listener: tokio::net::TcpListener, router: Router) {
    while let Ok((stream, _)) = listener.accept().await {
        let router = router.clone();
        tokio::spawn(async move {
            let service = hyper_util::service::TowerToHyperService::new(router);
            let io = hyper_util::rt::TokioIo::new(stream);
            let _ended = hyper::server::conn::http1::Builder::new()
                .serve_connection(io, service)
                .await;
        });
    }
}

/// Keeps the request, and lets a fault happen where one is due.
async fn written_down(
    State(shared): Site,
    request: axum::extract::Request,
    next: axum::middleware::Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let bytes = axum::body::to_bytes(body, 1 << 24).await.unwrap();
    let asked = Asked {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        token: bearer(&parts.headers),
        body: String::from_utf8_lossy(&bytes).into_owned(),
        status: 0,
    };
    let changes = parts.method == Method::POST || parts.method == Method::PATCH;
    let fault = {
        let mut shared = shared.lock().unwrap();
        if changes && !shared.faults.is_empty() {
            Some(shared.faults.remove(0))
        } else {
            None
        }
    };
    let answer = match fault {
        Some(Fault::Nothing) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Some(Fault::Cut) => (StatusCode::CREATED, "{\"ghsa_id\"").into_response(),
        Some(Fault::TooOften) => {
            let mut answer = refusal(
                StatusCode::FORBIDDEN,
                "You have exceeded a secondary rate limit.",
                &[],
            );
            answer
                .headers_mut()
                .insert(header::RETRY_AFTER, "60".parse().unwrap());
            answer
        }
        Some(Fault::DoneAllTheSame | Fault::DoneLate) => {
            let request = axum::extract::Request::from_parts(parts, bytes.into());
            let _lost = next.run(request).await;
            if fault == Some(Fault::DoneLate) {
                shared.lock().unwrap().hub.late_for = 2;
            }
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
        None => {
            next.run(axum::extract::Request::from_parts(parts, bytes.into()))
                .await
        }
    };
    let status = answer.status().as_u16();
    shared.lock().unwrap().asked.push(Asked { status, ..asked });
    answer
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    Some(value.strip_prefix("Bearer ")?.to_owned())
}

pub(crate) fn refusal(status: StatusCode, message: &str, errors: &[Value]) -> Response {
    let mut body =
        json!({ "message": message, "documentation_url": "https://docs.github.com/rest" });
    if !errors.is_empty() {
        body["errors"] = json!(errors);
    }
    (
        status,
        [(header::CONTENT_TYPE, "application/json")],
        body.to_string(),
    )
        .into_response()
}

fn answer(status: StatusCode, body: &Value) -> Response {
    (
        status,
        [(header::CONTENT_TYPE, "application/json")],
        body.to_string(),
    )
        .into_response()
}

/// A handler's failure: a status with GitHub's words, and the fields that are wrong.
pub(crate) struct No(
    pub(crate) StatusCode,
    pub(crate) &'static str,
    pub(crate) Vec<Value>,
);

impl No {
    pub(crate) const MISSING: fn() -> Self = || Self(StatusCode::NOT_FOUND, "Not Found", vec![]);

    pub(crate) fn forbidden(why: &'static str) -> Self {
        Self(StatusCode::FORBIDDEN, why, vec![])
    }

    pub(crate) fn invalid(field: &str, why: &str) -> Self {
        let error = json!({ "code": "custom", "field": field, "message": why });
        Self(
            StatusCode::UNPROCESSABLE_ENTITY,
            "Validation Failed",
            vec![error],
        )
    }
}

impl IntoResponse for No {
    fn into_response(self) -> Response {
        refusal(self.0, self.1, &self.2)
    }
}

impl Shared {
    /// Who asks; nobody at all is allowed for what everybody may see.
    fn caller(&self, headers: &HeaderMap) -> Result<Option<String>, No> {
        let Some(token) = bearer(headers) else {
            return Ok(None);
        };
        let known = self.hub.tokens.get(&token).cloned();
        known
            .map(Some)
            .ok_or(No(StatusCode::UNAUTHORIZED, "Bad credentials", vec![]))
    }

    fn named(&self, headers: &HeaderMap) -> Result<String, No> {
        self.caller(headers)?.ok_or(No(
            StatusCode::UNAUTHORIZED,
            "Requires authentication",
            vec![],
        ))
    }

    fn knows_advisories(&self) -> Result<(), No> {
        if self.is_enterprise_server {
            Err(No::MISSING())
        } else {
            Ok(())
        }
    }
}

async fn user(State(shared): Site, headers: HeaderMap) -> Result<Response, No> {
    let shared = shared.lock().unwrap();
    let login = shared.named(&headers)?;
    Ok(answer(StatusCode::OK, &shared.hub.account(&login)))
}

async fn private_reporting(
    State(shared): Site,
    Path((owner, repo)): Path<(String, String)>,
) -> Result<Response, No> {
    let mut shared = shared.lock().unwrap();
    shared.knows_advisories()?;
    let enabled = shared.hub.repository(&owner, &repo)?.private_reporting;
    Ok(answer(StatusCode::OK, &json!({ "enabled": enabled })))
}

async fn report(
    State(shared): Site,
    Path((owner, repo)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, No> {
    let mut shared = shared.lock().unwrap();
    shared.knows_advisories()?;
    let login = shared.named(&headers)?;
    if !shared.hub.repository(&owner, &repo)?.private_reporting {
        return Err(No::forbidden(
            "Private vulnerability reporting is not enabled for this repository.",
        ));
    }
    let body = shared
        .hub
        .parse(&body, "private-vulnerability-report-create")?;
    let made = shared.hub.add((&owner, &repo), &login, &body, "triage")?;
    Ok(answer(StatusCode::CREATED, &made))
}

async fn create(
    State(shared): Site,
    Path((owner, repo)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, No> {
    let mut shared = shared.lock().unwrap();
    shared.knows_advisories()?;
    let login = shared.named(&headers)?;
    if !shared
        .hub
        .repository(&owner, &repo)?
        .admins
        .contains(&login)
    {
        return Err(No::forbidden(
            "Resource not accessible by personal access token",
        ));
    }
    let body = shared.hub.parse(&body, "repository-advisory-create")?;
    let made = shared.hub.add((&owner, &repo), &login, &body, "draft")?;
    Ok(answer(StatusCode::CREATED, &made))
}

#[derive(serde::Deserialize)]
struct Listing {
    #[serde(default)]
    per_page: Option<usize>,
    #[serde(default)]
    after: Option<usize>,
}

async fn list(
    State(shared): Site,
    Path((owner, repo)): Path<(String, String)>,
    Query(listing): Query<Listing>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, No> {
    let mut shared = shared.lock().unwrap();
    shared.knows_advisories()?;
    let caller = shared.caller(&headers)?;
    let page = listing.per_page.unwrap_or(30).min(shared.hub.longest_page);
    let hidden = shared.hub.late_for.min(1);
    shared.hub.late_for -= hidden;
    let base = shared.hub.base.clone();
    let repository = shared.hub.repository(&owner, &repo)?;
    let visible = repository.advisories.iter().rev().skip(hidden);
    let visible: Vec<&Advisory> = visible
        .filter(|one| repository.shows(one, caller.as_deref()))
        .collect();
    let start = listing.after.unwrap_or(0).min(visible.len());
    let end = (start + page).min(visible.len());
    let items: Vec<Value> = visible[start..end]
        .iter()
        .map(|one| one.view.clone())
        .collect();
    let mut response = answer(StatusCode::OK, &Value::Array(items));
    if end < visible.len() {
        let link = format!(
            "<{base}{}?per_page={page}&after={end}>; rel=\"next\"",
            uri.path()
        );
        response
            .headers_mut()
            .insert(header::LINK, link.parse().unwrap());
    }
    Ok(response)
}

async fn one(
    State(shared): Site,
    Path((owner, repo, id)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Result<Response, No> {
    let mut shared = shared.lock().unwrap();
    shared.knows_advisories()?;
    let caller = shared.caller(&headers)?;
    let confused = shared.hub.confused.clone();
    let repository = shared.hub.repository(&owner, &repo)?;
    let mut view = repository.visible(&id, caller.as_deref())?.view.clone();
    if let Some(other) = confused {
        view["ghsa_id"] = json!(other);
    }
    Ok(answer(StatusCode::OK, &view))
}

async fn update(
    State(shared): Site,
    Path((owner, repo, id)): Path<(String, String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, No> {
    let mut shared = shared.lock().unwrap();
    shared.knows_advisories()?;
    let login = shared.named(&headers)?;
    let body = shared.hub.parse(&body, "repository-advisory-update")?;
    let changed = shared.hub.change((&owner, &repo, &id), &login, &body)?;
    Ok(answer(StatusCode::OK, &changed))
}

async fn request_cve(
    State(shared): Site,
    Path((owner, repo, id)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Result<Response, No> {
    let mut shared = shared.lock().unwrap();
    shared.knows_advisories()?;
    let login = shared.named(&headers)?;
    shared.hub.request_cve((&owner, &repo, &id), &login)?;
    Ok(answer(StatusCode::ACCEPTED, &json!({})))
}

async fn fork(
    State(shared): Site,
    Path((owner, repo, id)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Result<Response, No> {
    let mut shared = shared.lock().unwrap();
    shared.knows_advisories()?;
    let login = shared.named(&headers)?;
    let made = shared.hub.fork((&owner, &repo, &id), &login)?;
    Ok(answer(StatusCode::ACCEPTED, &made))
}
