//! Messages that are commands: `/compact` and `/clear`, as the first word of a message that is one text.

use sdk::parts::InputPart;

/// What a message asks the server itself to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// `/compact`: have the history summarized for the model.
    Compact {
        /// The words after it: what the summary must keep.
        instructions: String,
    },
    /// `/clear`: let the model forget the history.
    Clear {
        /// The words after it: the first message of the new beginning.
        rest: String,
    },
}

impl Command {
    /// The command that a message is; `None` for every other message.
    pub fn parse(content: &[InputPart]) -> Option<Self> {
        let [InputPart::Text { text }] = content else {
            return None;
        };
        let text = text.trim();
        let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let rest = rest.trim().to_owned();
        match word {
            "/compact" => Some(Self::Compact { instructions: rest }),
            "/clear" => Some(Self::Clear { rest }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests"
    )]

    use super::*;

    fn parse(text: &str) -> Option<Command> {
        Command::parse(&[InputPart::Text {
            text: text.to_owned(),
        }])
    }

    #[test]
    fn a_command_is_the_first_word_and_nothing_else() {
        let compact = |words: &str| {
            Some(Command::Compact {
                instructions: words.to_owned(),
            })
        };
        assert_eq!(parse(" /compact \n"), compact(""));
        assert_eq!(parse("/compact keep the paths"), compact("keep the paths"));
        let rest = "Now for\nsomething else".to_owned();
        assert_eq!(
            parse("/clear\nNow for\nsomething else"),
            Some(Command::Clear { rest })
        );
        for text in [
            "/compactor",
            "/clear/cache is full",
            "please /compact",
            "/Compact",
            "",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_message_of_several_parts_is_no_command() {
        let part = InputPart::Text {
            text: "/clear".to_owned(),
        };
        assert_eq!(Command::parse(&[part.clone(), part]), None);
        assert_eq!(Command::parse(&[]), None);
    }
}
