//! Terms and events, and the day that follows from them.

use proptest::prelude::*;

use super::*;

fn event(kind: EventKind, at: &str, until: Option<&str>) -> Event {
    Event {
        kind,
        at: at.parse().unwrap(),
        until: until.map(|until| until.parse().unwrap()),
    }
}

fn on(today: &str, terms: EmbargoTerms, events: &[Event]) -> Embargo {
    Embargo::on(today.parse().unwrap(), &terms, events)
}

fn terms(days: u32, starts: EmbargoStart) -> EmbargoTerms {
    EmbargoTerms {
        days: Some(days),
        starts: Some(starts),
        date: None,
    }
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

#[test]
fn thirty_days_from_the_security_release() {
    let terms = terms(30, EmbargoStart::SecurityRelease);
    let received = event(EventKind::Received, "2026-10-01T08:00:00Z", None);
    let waiting = on("2026-11-26", terms, std::slice::from_ref(&received));
    assert_eq!(
        waiting,
        Embargo::NotStarted {
            waits_for: EmbargoStart::SecurityRelease,
            days: 30
        }
    );
    let events = [
        received,
        event(EventKind::SecurityRelease, "2026-11-01T23:59:59Z", None),
        event(EventKind::SecurityRelease, "2026-11-20T00:00:00Z", None),
    ];
    let ends = date("2026-12-01");
    for (today, expected, words) in [
        (
            "2026-11-01",
            Embargo::Running { ends, left: 30 },
            "running until 2026-12-01",
        ),
        (
            "2026-11-24",
            Embargo::Running { ends, left: 7 },
            "ends in 7 days, on 2026-12-01",
        ),
        (
            "2026-11-30",
            Embargo::Running { ends, left: 1 },
            "ends in 1 day, on 2026-12-01",
        ),
        (
            "2026-12-01",
            Embargo::Over { since: ends },
            "over since 2026-12-01",
        ),
        (
            "2027-12-01",
            Embargo::Over { since: ends },
            "over since 2026-12-01",
        ),
    ] {
        let found = on(today, terms, &events);
        assert_eq!(
            (found, found.to_string().as_str()),
            (expected, words),
            "{today}"
        );
        assert_eq!(found.ends_soon(), words.starts_with("ends in"), "{today}");
    }
}

#[test]
fn the_end_that_was_agreed_on_last_counts() {
    let terms = terms(10, EmbargoStart::Report);
    let mut events = vec![
        event(
            EventKind::EmbargoUntil,
            "2026-11-20T00:00:00Z",
            Some("2027-02-01"),
        ),
        event(EventKind::Received, "2026-11-01T08:00:00Z", None),
        event(
            EventKind::EmbargoUntil,
            "2026-11-10T00:00:00Z",
            Some("2027-01-01"),
        ),
        event(EventKind::EmbargoUntil, "2026-11-25T00:00:00Z", None),
    ];
    assert_eq!(
        on("2026-11-26", terms, &events).ends(),
        Some(date("2027-02-01"))
    );
    assert_eq!(
        on("2026-11-26", EmbargoTerms::default(), &events[2..]).ends(),
        Some(date("2027-01-01"))
    );
    events.push(event(EventKind::Disclosed, "2026-11-25T00:00:00Z", None));
    assert_eq!(
        on("2026-11-26", terms, &events),
        Embargo::Published {
            on: date("2026-11-25")
        }
    );
}

#[test]
fn the_programs_terms_come_before_the_reporters() {
    let program = terms(0, EmbargoStart::SecurityRelease);
    let plan = EmbargoTerms {
        days: Some(90),
        starts: None,
        date: Some(date("2027-03-01")),
    };
    assert_eq!(EmbargoTerms::of(program, plan), program);
    let no_start = EmbargoTerms {
        starts: None,
        ..program
    };
    let received = [event(EventKind::Received, "2026-11-01T08:00:00Z", None)];
    let held = EmbargoTerms::of(no_start, plan);
    assert_eq!(
        on("2026-11-26", held, &received).ends(),
        Some(date("2027-03-01"))
    );
    let days = EmbargoTerms { date: None, ..plan };
    let held = EmbargoTerms::of(EmbargoTerms::default(), days);
    assert_eq!(
        on("2026-11-26", held, &received).ends(),
        Some(date("2027-01-30"))
    );
    let none = EmbargoTerms::of(no_start, EmbargoTerms::default());
    assert_eq!(on("2026-11-26", none, &received), Embargo::Unstated);
}

#[test]
fn publishing_early_needs_a_reason_that_is_kept() {
    let ends = date("2026-12-01");
    let running = Embargo::Running { ends, left: 5 };
    let refused = running.permit(None).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the embargo ends on 2026-12-01, in 5 days"
    );
    assert_eq!(running.permit(Some(" \n")), Err(UnderEmbargo::NoReason));
    let permitted = running.permit(Some(" it is exploited ")).unwrap();
    assert_eq!(permitted.reason(), Some("it is exploited"));
    let waits_for = EmbargoStart::SecurityRelease;
    let waiting = Embargo::NotStarted {
        waits_for,
        days: 30,
    };
    assert!(
        waiting
            .permit(None)
            .unwrap_err()
            .to_string()
            .contains("after the security release")
    );
    for open in [
        Embargo::Unstated,
        Embargo::Over { since: ends },
        Embargo::Published { on: ends },
    ] {
        assert_eq!(open.permit(Some("x")).unwrap().reason(), None);
    }
}

proptest! {
    #[test]
    fn the_order_of_events_makes_no_difference(
        days in 0_u32..4000,
        start in 0_usize..3,
        places in prop::collection::vec((0_usize..10, -200_000_i64..200_000, prop::option::of(-9000_i64..9000)), 0..8),
        today in -9000_i64..9000,
    ) {
        let base = date("2026-11-26");
        let starts = [EmbargoStart::Report, EmbargoStart::Acknowledgement, EmbargoStart::SecurityRelease][start];
        let mut events: Vec<Event> = places.iter().enumerate().map(|(index, (kind, at, until))| Event {
            kind: EventKind::ALL[*kind],
            at: Timestamp::from_second(at * 3600 + i64::try_from(index).unwrap()).unwrap(),
            until: until.map(|days| base.checked_add(days.days()).unwrap()),
        }).collect();
        let today = base.checked_add(today.days()).unwrap();
        let terms = terms(days, starts);
        let reporter = Embargo::on(today, &terms, &events);
        events.reverse();
        prop_assert_eq!(Embargo::on(today, &terms, &events), reporter);
        if let Embargo::Running { ends, left } = reporter {
            prop_assert_eq!(later(today, left), ends);
            prop_assert!(reporter.permit(None).is_err());
        }
    }
}
