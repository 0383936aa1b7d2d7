//! Dialogues with servers that are well behaved, and with others.

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

use super::*;

impl Confidential for DuplexStream {}

/// A server that answers each line that it hears with the next of its answers, and gives back all
/// that it heard.
async fn server(mut stream: DuplexStream, greeting: &str, answers: &[(&str, &str)]) -> String {
    stream.write_all(greeting.as_bytes()).await.unwrap();
    let mut heard = String::new();
    for (until, answer) in answers {
        let from = heard.len();
        while !heard[from..].ends_with(until) {
            let mut byte = [0];
            if stream.read(&mut byte).await.unwrap() == 0 {
                return heard;
            }
            heard.push(char::from(byte[0]));
        }
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return heard;
        }
    }
    heard
}

fn address(text: &str) -> MailAddress {
    text.parse().unwrap()
}

const EHLO: (&str, &str) = (
    "\r\n",
    "250-mx.example says hello\r\n250-SIZE 1000\r\n250-AUTH LOGIN PLAIN\r\n250 8BITMIME\r\n",
);

async fn send(session: &mut Session<DuplexStream>, mail: &[u8]) -> Result<Reply, SmtpError> {
    let (from, to) = (address("me@a.example"), address("you@b.example"));
    session
        .send(&from, &to, mail.len() as u64, &mut &*mail)
        .await
}

/// A whole session against these answers, after `EHLO`.
async fn talk(greeting: &str, answers: &[(&str, &str)]) -> (Result<Reply, SmtpError>, String) {
    let (ours, theirs) = duplex(1 << 16);
    let dialogue = async {
        let mut session = Session::open(ours, Opening::Greeting).await?;
        session.log_in("me", "pass word").await?;
        let reply = send(&mut session, b"Subject: x\r\n\r\n.dot\r\n").await?;
        session.quit().await;
        Ok(reply)
    };
    tokio::join!(dialogue, server(theirs, greeting, answers))
}

#[tokio::test]
async fn p34_a_whole_session_says_nothing_of_this_machine() {
    let (sent, heard) = talk(
        "220 mx.example ready\r\n",
        &[
            EHLO,
            ("\r\n", "235 welcome\r\n"),
            ("\r\n", "250 ok\r\n"),
            ("\r\n", "250 ok\r\n"),
            ("\r\n", "354 go on\r\n"),
            ("\r\n.\r\n", "250 taken as 1\r\n"),
            ("\r\n", "221 bye\r\n"),
        ],
    )
    .await;
    assert_eq!(sent.unwrap().to_string(), "250 taken as 1");
    assert_eq!(
        heard,
        "EHLO [127.0.0.1]\r\nAUTH PLAIN AG1lAHBhc3Mgd29yZA==\r\n\
         MAIL FROM:<me@a.example> SIZE=20\r\nRCPT TO:<you@b.example>\r\nDATA\r\n\
         Subject: x\r\n\r\n..dot\r\n.\r\nQUIT\r\n"
    );
}

#[tokio::test]
async fn refusals_name_the_step() {
    let cases: [(&[(&str, &str)], &str); 4] = [
        (
            &[EHLO, ("\r\n", "535 no\r\n")],
            "user name or password: 535 no",
        ),
        (
            &[
                EHLO,
                ("\r\n", "235 ok\r\n"),
                ("\r\n", "550-no\r\n550 way\r\n"),
            ],
            "refuses the sender: 550 no way",
        ),
        (
            &[
                EHLO,
                ("\r\n", "235 ok\r\n"),
                ("\r\n", "250 ok\r\n"),
                ("\r\n", "550 who?\r\n"),
            ],
            "refuses the recipient: 550 who?",
        ),
        (
            &[("\r\n", "250-x\r\n250 AUTH GSSAPI\r\n")],
            "it offers: GSSAPI",
        ),
    ];
    for (answers, wanted) in cases {
        let (sent, _) = talk("220 hi\r\n", answers).await;
        let said = sent.unwrap_err().to_string();
        assert!(said.contains(wanted), "{said}");
    }
    let (sent, heard) = talk("554 go away\r\n", &[]).await;
    assert!(matches!(sent, Err(SmtpError::Refused { .. })));
    assert_eq!(heard, "");
}

#[tokio::test]
async fn a_server_that_takes_less_is_told_nothing() {
    let (ours, theirs) = duplex(1 << 16);
    let small = ("\r\n", "250-x\r\n250 SIZE 10\r\n");
    let dialogue = async {
        let mut session = Session::open(ours, Opening::Silence).await?;
        send(&mut session, &[b'x'; 11]).await
    };
    let answers = [small];
    let (sent, heard) = tokio::join!(dialogue, server(theirs, "", &answers));
    assert!(matches!(
        sent,
        Err(SmtpError::TooLarge {
            limit: 10,
            size: 11
        })
    ));
    assert_eq!(heard, "EHLO [127.0.0.1]\r\n");
}

#[tokio::test]
async fn a_verdict_that_is_lost_or_garbled_is_not_called_a_failure() {
    for verdict in ["", "HTTP/1.1 400 Bad\r\n", "250-taken\r\n421 bye\r\n"] {
        let answers = [
            EHLO,
            ("\r\n", "235 ok\r\n"),
            ("\r\n", "250 ok\r\n"),
            ("\r\n", "250 ok\r\n"),
            ("\r\n", "354 go\r\n"),
            ("\r\n.\r\n", verdict),
        ];
        let (sent, _) = talk("220 hi\r\n", &answers).await;
        let error = sent.unwrap_err();
        assert!(matches!(error, SmtpError::Unknown(_)), "{error:?}");
        assert!(!error.is_passing());
    }
}

#[tokio::test]
async fn a_mail_that_cannot_be_read_to_its_end_is_not_ended() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("gone"))
        }
    }
    let (ours, theirs) = duplex(1 << 16);
    let answers = [
        EHLO,
        ("\r\n", "250 ok\r\n"),
        ("\r\n", "250 ok\r\n"),
        ("\r\n", "354 go\r\n"),
        (".\r\n", ""),
    ];
    let dialogue = async {
        let mut session = Session::open(ours, Opening::Silence).await?;
        let (from, to) = (address("me@a.example"), address("you@b.example"));
        let mut mail = Read::chain(&b"half"[..], Broken);
        session.send(&from, &to, 100, &mut mail).await
    };
    let (sent, heard) = tokio::join!(dialogue, server(theirs, "", &answers));
    assert!(matches!(sent, Err(SmtpError::Read(_))));
    assert!(heard.ends_with("half"), "{heard}");
}

async fn ask(
    greeting: &str,
    answers: &[(&str, &str)],
) -> (Result<DuplexStream, SmtpError>, String) {
    let (ours, theirs) = duplex(1 << 16);
    tokio::join!(ask_for_tls(ours), server(theirs, greeting, answers))
}

#[tokio::test]
async fn p45_without_tls_nothing_is_said() {
    let stripped = ("\r\n", "250-x\r\n250 SIZE\r\n");
    let (asked, heard) = ask("220 hi\r\n", &[stripped, ("\r\n", "220 go\r\n")]).await;
    assert!(matches!(asked, Err(SmtpError::NoStartTls)));
    assert_eq!(heard, "EHLO [127.0.0.1]\r\n");
    let offered = ("\r\n", "250-x\r\n250 STARTTLS\r\n");
    let (asked, _) = ask("220 hi\r\n", &[offered, ("\r\n", "454 later\r\n")]).await;
    assert!(matches!(asked, Err(SmtpError::NoStartTls)));
    let (asked, heard) = ask("220 hi\r\n", &[offered, ("\r\n", "220 go\r\n")]).await;
    assert!(asked.is_ok());
    assert_eq!(heard, "EHLO [127.0.0.1]\r\nSTARTTLS\r\n");
}

#[tokio::test]
async fn p45_what_comes_before_the_handshake_is_not_taken_for_the_server() {
    let offered = ("\r\n", "250-x\r\n250 STARTTLS\r\n");
    let injected = ("\r\n", "220 go\r\n250-evil\r\n250 AUTH PLAIN\r\n");
    let (asked, _) = ask("220 hi\r\n", &[offered, injected]).await;
    assert!(matches!(asked, Err(SmtpError::Injected)));
}

#[tokio::test]
async fn p31_answers_have_an_end() {
    let endless = "250-x\r\n".repeat(1000);
    for answer in [
        endless.as_str(),
        &"x".repeat(10_000),
        "HTTP/1.1 400 Bad\r\n",
        "99 x\r\n",
        "2500 x\r\n",
    ] {
        let (asked, _) = ask("220 hi\r\n", &[("\r\n", answer)]).await;
        assert!(asked.is_err(), "{answer:.20}");
    }
    let (asked, _) = ask("220-a\r\n250 b\r\n", &[]).await;
    assert!(matches!(asked, Err(SmtpError::NotSmtp)));
}
