//! Reports: taken once, listed, read in ranges, deleted.

use super::{Scene, at, bytes};
use crate::case::{EventKind, State};
use crate::intake::store::{Accepted, Cursor, Origin, Selection, StoreError};
use crate::wire::NewEvent;

use super::scene::{case_hash, collect, new_report, origin};

#[tokio::test]
async fn a_report_is_taken_read_and_deleted() {
    for scene in Scene::all().await {
        let content = bytes(1, 300_000);
        let id = scene.posted(&content).await;
        let report = scene.store.report(&id).await.unwrap();
        assert_eq!(report.receipt, format!("receipt of {id}"));
        assert_eq!(report.summary.size, 300_000);
        assert_eq!(report.summary.recipients, ["AABBCCDDEEFF0011"]);
        assert_eq!(scene.read(&id).await, content);
        for range in [0..1, 5..200_000, 299_999..300_000, 299_999..900_000] {
            let end = usize::try_from(range.end).unwrap().min(content.len());
            let wanted = &content[usize::try_from(range.start).unwrap()..end];
            let sealed = scene.store.sealed(&id).await.unwrap();
            let got = collect(sealed.stream(range)).await.unwrap();
            assert!(got == wanted, "{}", scene.name);
        }
        let deleted = scene.store.delete(&id, at(9)).await.unwrap();
        assert_eq!(deleted.left, 0);
        assert_eq!(scene.objects().await, 0);
        for again in [
            scene.store.report(&id).await.map(drop),
            scene.store.sealed(&id).await.map(drop),
            scene.store.delete(&id, at(10)).await.map(drop),
        ] {
            assert!(matches!(again, Err(StoreError::Gone)), "{}", scene.name);
        }
        // The same bytes again are another report.
        assert_ne!(scene.posted(&content).await, id);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn p20_a_submission_in_parallel_is_one_report_with_one_receipt() {
    for scene in Scene::all().await {
        let content = bytes(2, 5000);
        let posts = (0..32).map(|turn| {
            // With a key, and with the case alone.
            let mut origin = origin(1, 1);
            origin.key = origin.key.filter(|_| turn % 2 == 0);
            scene.post(&content, origin)
        });
        let answers = futures_util::future::join_all(posts).await;
        let mut fresh = 0;
        let mut receipts = std::collections::BTreeSet::new();
        for answer in answers {
            let report = match answer.unwrap() {
                Accepted::Fresh(report) => {
                    fresh += 1;
                    report
                }
                Accepted::Known(report) => report,
            };
            receipts.insert(report.receipt);
        }
        assert_eq!((fresh, receipts.len()), (1, 1), "{}", scene.name);
        assert_eq!(scene.objects().await, 1, "{}", scene.name);
    }
}

#[tokio::test]
async fn p20_a_key_is_for_one_content_and_one_case() {
    for scene in Scene::all().await {
        scene.post(b"one", origin(1, 1)).await.unwrap();
        let again = scene.post(b"one", origin(1, 1)).await.unwrap();
        assert!(matches!(again, Accepted::Known(_)));
        for (content, origin) in [(b"two", origin(1, 1)), (b"one", origin(2, 1))] {
            let refused = scene.post(content, origin).await;
            assert!(matches!(refused, Err(StoreError::KeyReused)));
        }
        // Another case with the same bytes is another report, and nobody learns of the first.
        let other = scene.post(b"one", origin(2, 2)).await.unwrap();
        assert!(matches!(other, Accepted::Fresh(_)));
        let anonymous = scene.post(b"one", Origin::default()).await.unwrap();
        assert!(matches!(anonymous, Accepted::Fresh(_)));
        let again = scene.post(b"one", Origin::default()).await.unwrap();
        assert!(matches!(again, Accepted::Known(_)));
        assert_eq!(scene.objects().await, 3, "{}", scene.name);
    }
}

#[tokio::test]
async fn reports_are_listed_newest_first_page_by_page() {
    for scene in Scene::all().await {
        let mut ids = Vec::new();
        for number in 0..7_u8 {
            let origin = Origin {
                case: Some(case_hash(number % 2)),
                key: None,
            };
            // Two of the same time are told apart by their ids.
            let mut report = new_report(&[number], at(i64::from(number / 2)));
            report.recipients = vec![];
            let segment = scene.segment(&[number]).await;
            ids.push(report.id.clone());
            scene
                .store
                .accept(report, origin, vec![segment])
                .await
                .unwrap();
        }
        let event = NewEvent {
            kind: EventKind::Acknowledged,
            until: None,
        };
        scene.store.add_event(&ids[3], &event, at(9)).await.unwrap();
        let mut selection = Selection::default();
        let mut seen = Vec::new();
        loop {
            let page = scene.store.list(&selection, 3).await.unwrap();
            seen.extend(
                page.reports
                    .into_iter()
                    .map(|report| (report.received, report.id)),
            );
            let Some(next) = page.next else { break };
            let again: Cursor = next.to_string().parse().unwrap();
            selection.cursor = Some(again);
        }
        assert_eq!(seen.len(), 7, "{}", scene.name);
        assert!(seen.windows(2).all(|two| two[0] > two[1]));
        let of = |state, case| Selection {
            state,
            case,
            cursor: None,
        };
        for (selection, wanted) in [
            (of(Some(State::Acknowledged), None), 1),
            (of(Some(State::Received), None), 6),
            (of(None, Some(case_hash(1))), 3),
            (of(Some(State::Acknowledged), Some(case_hash(1))), 1),
            (of(Some(State::Acknowledged), Some(case_hash(0))), 0),
            (of(None, Some(case_hash(9))), 0),
        ] {
            let page = scene.store.list(&selection, 100).await.unwrap();
            assert_eq!(page.reports.len(), wanted, "{} {selection:?}", scene.name);
            assert_eq!(page.next, None);
        }
    }
}

#[tokio::test]
async fn a_timeline_grows_and_moves_the_state() {
    for scene in Scene::all().await {
        let id = scene.posted(b"report").await;
        let until = "2027-02-01".parse().unwrap();
        for (kind, until, state) in [
            (EventKind::Acknowledged, None, State::Acknowledged),
            (EventKind::EmbargoUntil, Some(until), State::Acknowledged),
            (EventKind::SecurityRelease, None, State::Released),
        ] {
            let event = NewEvent { kind, until };
            scene.store.add_event(&id, &event, at(5)).await.unwrap();
            let report = scene.store.report(&id).await.unwrap();
            assert_eq!(report.summary.state, state);
        }
        let timeline = scene.store.timeline(&id).await.unwrap();
        let kinds: Vec<_> = timeline.iter().map(|event| event.kind).collect();
        assert_eq!(
            kinds,
            [
                EventKind::Received,
                EventKind::Acknowledged,
                EventKind::EmbargoUntil,
                EventKind::SecurityRelease
            ]
        );
        assert_eq!(timeline[2].until, Some(until));
        let nowhere = crate::wire::ReportId::from_entropy([9; 16]);
        let event = NewEvent {
            kind: EventKind::Closed,
            until: None,
        };
        let missing = scene.store.add_event(&nowhere, &event, at(5)).await;
        assert!(matches!(missing, Err(StoreError::NotFound)));
    }
}
