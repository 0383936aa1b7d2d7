//! Markdown from strangers as blocks of text with their links; raw HTML and its comments are dropped.
//!
//! Serves `security_md`, after the `CommonMark` specification.

use pulldown_cmark::{Event, LinkType, Parser, Tag, TagEnd};

/// A paragraph, heading, list item or block of code.
#[derive(Debug, Default)]
pub(super) struct Block {
    pub(super) text: String,
    pub(super) is_code: bool,
    pub(super) links: Vec<Link>,
}

/// A link within a block; its label, in lower case, begins at `at` in the block's text.
#[derive(Debug, Default)]
pub(super) struct Link {
    pub(super) at: usize,
    pub(super) label: String,
    pub(super) destination: String,
}

/// The blocks that hold text, in order.
pub(super) fn blocks(text: &str) -> Vec<Block> {
    let (mut blocks, mut block) = (Vec::new(), Block::default());
    let mut open: Option<Link> = None;
    for event in Parser::new(text) {
        match event {
            Event::Start(Tag::Link {
                link_type,
                dest_url,
                ..
            }) => {
                let mailto = if link_type == LinkType::Email {
                    MAILTO
                } else {
                    ""
                };
                open = Some(Link {
                    at: block.text.len(),
                    label: String::new(),
                    destination: format!("{mailto}{dest_url}"),
                });
            }
            Event::End(TagEnd::Link) => {
                if let Some(mut link) = open.take() {
                    link.label = block.text.get(link.at..).unwrap_or_default().to_lowercase();
                    block.links.push(link);
                }
            }
            Event::Text(text) | Event::Code(text) => block.text.push_str(&text),
            Event::SoftBreak | Event::HardBreak => block.text.push('\n'),
            Event::Start(tag) if !is_inline(&tag) => {
                let is_code = matches!(tag, Tag::CodeBlock(_));
                let next = Block {
                    is_code,
                    ..Block::default()
                };
                blocks.push(std::mem::replace(&mut block, next));
            }
            Event::End(
                TagEnd::Paragraph | TagEnd::CodeBlock | TagEnd::Item | TagEnd::Heading(_),
            ) => {
                blocks.push(std::mem::take(&mut block));
            }
            _ => {}
        }
    }
    blocks.push(block);
    blocks.retain(|block| !block.text.trim().is_empty());
    blocks
}

fn is_inline(tag: &Tag<'_>) -> bool {
    matches!(
        tag,
        Tag::Emphasis | Tag::Strong | Tag::Strikethrough | Tag::Link { .. } | Tag::Image { .. }
    )
}

const MAILTO: &str = "mailto:";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_code_and_links_are_told_apart_and_html_is_dropped() {
        let text = "# A *b*\n\nc `d`\n[E `f`](g) <h@example.org>\n- i\n  - j\n\n```\nk\n```\n\n    l\n\n\
            <!-- m -->\n\n<div>\nn\n</div>\n\n<a href=\"o\">p</a>\n\n| q |\n| --- |\n\n[r][s] ![t](u)\n\n[s]: v\n";
        let blocks = blocks(text);
        let seen: Vec<_> = blocks
            .iter()
            .map(|block| (block.text.as_str(), block.is_code))
            .collect();
        assert_eq!(
            seen,
            [
                ("A b", false),
                ("c d\nE f h@example.org", false),
                ("i", false),
                ("j", false),
                ("k\n", true),
                ("l\n", true),
                ("p", false),
                ("| q |\n| --- |", false),
                ("r t", false),
            ]
        );
        let links: Vec<_> = blocks
            .iter()
            .flat_map(|block| &block.links)
            .map(|link| (link.at, link.label.as_str(), link.destination.as_str()))
            .collect();
        assert_eq!(
            links,
            [
                (4, "e f", "g"),
                (8, "h@example.org", "mailto:h@example.org"),
                (0, "r", "v"),
            ]
        );
    }
}
