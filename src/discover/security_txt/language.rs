//! Whether a text is a language tag.
//!
//! Serves RFC 9116 §2.5.8 and RFC 5646 §2.1. The form is checked, and two-letter languages by name, because a
//! country's code is so easily written for its language's (`jp` for `ja`); longer subtags are not looked up.

/// Whether this is a language tag.
pub(super) fn is_tag(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    if IRREGULAR.contains(&lower.as_str()) {
        return true;
    }
    let subtags: Vec<&str> = lower.split('-').collect();
    let sizes = |tag: &&str| (1..=8).contains(&tag.len());
    let alphanumeric = |tag: &&str| tag.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !subtags.iter().all(|tag| sizes(tag) && alphanumeric(tag)) {
        return false;
    }
    match subtags.split_first() {
        Some((&"x", rest)) => !rest.is_empty(),
        Some((language, rest)) => is_language(language) && is_rest(rest),
        None => false,
    }
}

fn is_language(tag: &str) -> bool {
    let known = || {
        let pairs = TWO_LETTERS.as_bytes().chunks_exact(2);
        pairs.into_iter().any(|pair| pair == tag.as_bytes())
    };
    // Longer ones are in the grammar for days to come; none is registered.
    alphabetic(tag) && (tag.len() == 3 || (tag.len() == 2 && known()))
}

/// Extended languages, script, region and variants in this order, then extensions and private use.
fn is_rest(subtags: &[&str]) -> bool {
    let mut rest = subtags;
    let extended = |tag: &str| tag.len() == 3 && alphabetic(tag);
    let mut extensions = 3;
    while extensions > 0 && next(&mut rest, extended) {
        extensions -= 1;
    }
    next(&mut rest, |tag| tag.len() == 4 && alphabetic(tag));
    next(&mut rest, |tag| {
        (tag.len() == 2 && alphabetic(tag))
            || (tag.len() == 3 && tag.bytes().all(|byte| byte.is_ascii_digit()))
    });
    let variant = |tag: &str| {
        tag.len() >= 5 || (tag.len() == 4 && tag.starts_with(|first: char| first.is_ascii_digit()))
    };
    while next(&mut rest, variant) {}
    while let Some((singleton, after)) = rest.split_first() {
        if *singleton == "x" {
            return !after.is_empty();
        }
        rest = after;
        if singleton.len() != 1 || !next(&mut rest, |tag| tag.len() >= 2) {
            return false;
        }
        while next(&mut rest, |tag| tag.len() >= 2) {}
    }
    true
}

/// Takes the first subtag if it fits.
fn next(rest: &mut &[&str], fits: impl Fn(&str) -> bool) -> bool {
    match rest.split_first() {
        Some((first, after)) if fits(first) => {
            *rest = after;
            true
        }
        _ => false,
    }
}

fn alphabetic(tag: &str) -> bool {
    tag.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// The two-letter languages of the IANA registry, one after the other.
const TWO_LETTERS: &str = "\
    aaabaeafakamanarasavayazbabebgbhbibmbnbobrbscacechcocrcscucvcydadedvdzeeeleneoeseteu\
    fafffifjfofrfygagdglgngugvhahehihohrhthuhyhziaidieigiiikinioisitiuiwjajijvjwkakgkikj\
    kkklkmknkokrkskukvkwkylalblglilnloltlulvmgmhmimkmlmnmomrmsmtmynanbndnengnlnnnonrnvny\
    ocojomorospapiplpsptqurmrnrorurwsascsdsesgshsiskslsmsnsosqsrssstsusvswtatetgthtitktl\
    tntotrtstttwtyugukuruzvevivowawoxhyiyozazhzu";

/// The tags that were registered before there was a grammar and do not follow it.
const IRREGULAR: [&str; 17] = [
    "en-gb-oed",
    "i-ami",
    "i-bnn",
    "i-default",
    "i-enochian",
    "i-hak",
    "i-klingon",
    "i-lux",
    "i-mingo",
    "i-navajo",
    "i-pwn",
    "i-tao",
    "i-tay",
    "i-tsu",
    "sgn-be-fr",
    "sgn-be-nl",
    "sgn-ch-de",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_told_from_other_texts() {
        for tag in [
            "en",
            "EN",
            "de-CH-1996",
            "zh-Hant",
            "zh-cmn-Hans-CN",
            "es-419",
            "sl-rozaj-biske",
            "tlh",
            "x-whatever",
            "en-a-bbb-x-a-ccc",
            "i-klingon",
            "de-CH-x-phonebk",
            "sgn-BE-FR",
        ] {
            assert!(is_tag(tag), "{tag}");
        }
        for text in [
            "",
            "e",
            "en_US",
            "en fr zh",
            "english",
            "jp",
            "cz",
            "dk",
            "ua",
            "en-",
            "-en",
            "x",
            "en-x",
            "en-a",
            "en-US-GB",
            "a-DE",
            "en--US",
            "ü",
            "en-toolongsubtag",
            "de-419-DE",
        ] {
            assert!(!is_tag(text), "{text}");
        }
    }
}
