//! What `serve` says at its start, and when it does not start.

use std::process::{Command, Stdio};

use crate::bench::{
    http::Request,
    place::{PROGRAM, Place},
    sealed::sealed,
    serve::Serve,
    strace,
};

#[test]
fn a_second_server_on_the_same_folder_is_refused() {
    let place = Place::local();
    let serve = place.serve();
    let mut second = place.serve_command();
    let output = second.stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    let folder = place.data().display();
    let error = format!("error: another server runs on the data folder {folder}");
    assert!(said.contains(&error), "{said}");
    assert!(said.contains("PostgreSQL"), "{said}");
    // The first one goes on, others that look after it work, and the next one starts after it.
    serve.send(&Request::post(&sealed(3000, 1))).expect(201);
    for work in [&["token", "list"][..], &["fsck"], &["sweep"]] {
        place.run(work);
    }
    serve.kill();
    assert!(place.serve().stop().success());
}

#[test]
fn the_number_of_connections_fits_the_limit_of_open_files() {
    let place = Place::local();
    let serve = Serve::start(&place, limited(&place));
    serve.get("/healthz").expect(200);
    assert!(serve.stop().success());
    let log = place.log();
    assert!(log.contains("\"connections\":372"), "{log}");
    assert!(!log.contains("warning"), "{log}");
    // Whoever asks for more than the limit allows is told.
    let place = Place::local().set("--max-connections", 1000);
    let serve = Serve::start(&place, limited(&place));
    assert!(serve.stop().success());
    let log = place.log();
    assert!(log.contains("\"connections\":1000"), "{log}");
    assert!(log.contains("this process may open 1000 files"), "{log}");
}

/// A server that may open a thousand files.
fn limited(place: &Place) -> Command {
    let mut command = Command::new("sh");
    let serve = place.serve_command();
    command.args(["-c", "ulimit -n 1000; exec \"$0\" \"$@\""]);
    command.arg(serve.get_program()).args(serve.get_args());
    for (name, value) in serve.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.current_dir(serve.get_current_dir().unwrap());
    command
}

#[test]
fn too_little_space_is_said_at_once() {
    let place = Place::local().set("--min-free", "1000000TiB");
    let serve = place.serve();
    serve.send(&Request::post(&sealed(3000, 1))).expect(507);
    assert!(serve.stop().success());
    let log = place.log();
    assert!(log.contains("--min-free keeps"), "{log}");
    let place = Place::local().set("--min-free", "1");
    assert!(place.serve().stop().success());
    assert!(!place.log().contains("--min-free"), "{}", place.log());
}

/// Others than this machine would read along.
#[test]
fn serving_the_network_without_tls_is_warned_of() {
    let told = |place: &Place| {
        assert!(place.serve().stop().success());
        place.log().contains("is served without TLS")
    };
    let open = || Place::local().set("--listen", "0.0.0.0:0");
    assert!(told(&open()));
    assert!(!told(&open().set("--trusted-proxy", "10.0.0.0/8")));
    assert!(!told(&Place::local()));
}

/// No thread of a server is outside its cage, and what it does within works: rows, objects, temporary files.
#[test]
#[cfg(target_os = "linux")]
fn a_server_gives_up_what_it_does_not_need() {
    let place = Place::local();
    let serve = place.serve();
    serve.send(&Request::post(&sealed(3000, 1))).expect(201);
    let process = serve.process().as_raw_nonzero();
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let mut count = 0;
    for thread in threads {
        // A thread may end meanwhile.
        let Ok(status) = std::fs::read_to_string(thread.unwrap().path().join("status")) else {
            continue;
        };
        assert!(status.contains("NoNewPrivs:\t1"), "{status}");
        count += 1;
    }
    assert!(count > 1);
    assert!(serve.stop().success());
    // What compacts the rows, which a server does, too, needs no folder for temporary files.
    if !strace::is_there() {
        return;
    }
    let log = place.path("trace");
    let mut sweep = Command::new("strace");
    sweep
        .args(["-f", "-qq", "-e", "trace=openat", "-o"])
        .arg(&log);
    sweep
        .arg(PROGRAM)
        .arg("sweep")
        .arg("--data")
        .arg(place.data());
    assert!(sweep.output().unwrap().status.success());
    let log = std::fs::read_to_string(log).unwrap();
    let folder = place.data().display().to_string();
    let written = log
        .lines()
        .filter(|call| call.contains("O_RDWR") || call.contains("O_CREAT"));
    let written: Vec<_> = written.collect();
    assert!(!written.is_empty());
    for call in written {
        assert!(call.contains(&folder), "{call}");
    }
}
