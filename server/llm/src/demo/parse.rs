//! Reads directives; see [`super::script`] for the language.

use std::time::Duration;

use thiserror::Error;

use super::script::{Action, Failure, Script, Step};
use crate::{FinishReason, Usage};

/// Steps a script may have after repeating; more than any turn can take.
const MOST_STEPS: usize = 10_000;
/// Words of filler in one action.
const MOST_TOKENS: usize = 1_000_000;

/// A line that is no directive.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}: {reason}")]
pub struct ScriptProblem {
    /// Its number in the message, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: String,
}

/// Reads a message; `None` when no line begins with `!` and a letter.
pub(super) fn script(message: &str) -> Result<Option<Script>, ScriptProblem> {
    let mut script = Script::default();
    let mut step = Step::default();
    let mut is_script = false;
    for (number, line) in message.lines().enumerate() {
        let Some((name, rest)) = directive(line) else {
            continue;
        };
        is_script = true;
        apply(&mut script, &mut step, name, rest).map_err(|reason| ScriptProblem {
            line: number + 1,
            reason: format!("!{name}: {reason}"),
        })?;
    }
    if !is_script {
        return Ok(None);
    }
    if step != Step::default() {
        script.steps.push(step);
    }
    inherit_usage(&mut script.steps);
    Ok(Some(script))
}

/// The words of a message that are not directives.
pub(super) fn plain_words(message: &str) -> impl Iterator<Item = &str> {
    message
        .lines()
        .filter(|line| directive(line).is_none())
        .flat_map(str::split_whitespace)
}

fn directive(line: &str) -> Option<(&str, &str)> {
    let body = line
        .trim()
        .strip_prefix('!')
        .filter(|body| body.starts_with(|first: char| first.is_ascii_lowercase()))?;
    Some(match body.split_once(char::is_whitespace) {
        Some((name, rest)) => (name, rest.trim()),
        None => (body, ""),
    })
}

fn apply(script: &mut Script, step: &mut Step, name: &str, rest: &str) -> Result<(), String> {
    match name {
        "pace" => script.pace = Some(duration(rest)?),
        "title" => script.title = Some(words(rest)?),
        "usage" => step.usage = Some(usage(rest)?),
        "finish" => step.finish_reason = Some(finish_reason(rest)?),
        "then" => script.steps.push(std::mem::take(step)),
        "repeat" => repeat(script, step, rest)?,
        _ => step.actions.push(action(name, rest)?),
    }
    Ok(())
}

fn action(name: &str, rest: &str) -> Result<Action, String> {
    Ok(match name {
        "text" => Action::Text(words(rest)?),
        "reason" => Action::Reason(words(rest)?),
        "tokens" => Action::Tokens(number(rest, MOST_TOKENS)?),
        "clock" => Action::Clock(number(rest, MOST_TOKENS)?),
        "results" => Action::Results,
        "call" => call(rest)?,
        "search" => Action::Search(object(rest)?),
        "cite" => Action::Cite(object(rest)?),
        "stall" => Action::Stall(duration(rest)?),
        "cut" => Action::Cut,
        "error" => Action::Fail(failure(rest, None)?),
        "error-once" => Action::Fail(failure(rest, Some(1))?),
        _ => return Err("there is no such directive".to_owned()),
    })
}

fn repeat(script: &mut Script, step: &mut Step, rest: &str) -> Result<(), String> {
    if *step != Step::default() {
        script.steps.push(std::mem::take(step));
    }
    let times = number(rest, MOST_STEPS)?;
    if script.steps.len().saturating_mul(times) > MOST_STEPS {
        return Err(format!("a script has at most {MOST_STEPS} steps"));
    }
    let once = std::mem::take(&mut script.steps);
    script.steps = std::iter::repeat_n(once, times).flatten().collect();
    Ok(())
}

fn call(rest: &str) -> Result<Action, String> {
    let (name, arguments) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    if name.is_empty() {
        return Err("it needs the name of a tool".to_owned());
    }
    let arguments = arguments.trim();
    let arguments = if arguments.is_empty() {
        "{}"
    } else {
        arguments
    };
    Ok(Action::Call {
        name: name.to_owned(),
        arguments: arguments.to_owned(),
    })
}

fn failure(rest: &str, times: Option<u32>) -> Result<Failure, String> {
    let (status, mut rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let status: u16 = status
        .parse()
        .map_err(|_| "it needs an HTTP status".to_owned())?;
    if !(400..600).contains(&status) {
        return Err("the status must be between 400 and 599".to_owned());
    }
    let mut failure = Failure {
        status,
        text: String::new(),
        retry_after: None,
        times,
    };
    loop {
        rest = rest.trim_start();
        let (word, after) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        match word.split_once('=') {
            Some(("retry_after", value)) => {
                let seconds = value
                    .parse()
                    .ok()
                    .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
                failure.retry_after = Some(seconds.ok_or("retry_after is a number of seconds")?);
            }
            Some(("times", value)) => {
                failure.times = Some(value.parse().map_err(|_| "times is a number")?);
            }
            _ => break,
        }
        rest = after;
    }
    failure.text = if rest.is_empty() {
        format!("scripted error {status}")
    } else {
        words(rest)?
    };
    Ok(failure)
}

fn usage(rest: &str) -> Result<Usage, String> {
    let mut usage = Usage::default();
    for word in rest.split_whitespace() {
        let (name, value) = word
            .split_once('=')
            .ok_or_else(|| format!("{word} is not name=number"))?;
        let count = Some(
            value
                .parse()
                .map_err(|_| format!("{value} is not a number"))?,
        );
        match name {
            "input" => usage.input_tokens = count,
            "output" => usage.output_tokens = count,
            "cache_read" => usage.cache_read_tokens = count,
            "cache_write" => usage.cache_creation_tokens = count,
            "reasoning" => usage.reasoning_tokens = count,
            _ => return Err(format!("there is no count named {name}")),
        }
    }
    usage.total_tokens = usage.sum_of_parts();
    Ok(usage)
}

fn finish_reason(rest: &str) -> Result<FinishReason, String> {
    match rest {
        "length" => Ok(FinishReason::Length),
        "content_filter" => Ok(FinishReason::ContentFilter),
        "paused" => Ok(FinishReason::Paused),
        _ => Err("it is length, content_filter or paused".to_owned()),
    }
}

fn object<T: serde::de::DeserializeOwned>(rest: &str) -> Result<T, String> {
    serde_json::from_str(rest)
        .map_err(|problem| format!("what follows is not the JSON object that it takes ({problem})"))
}

fn inherit_usage(steps: &mut [Step]) {
    let mut last = None;
    for step in steps {
        last = step.usage.or(last);
        step.usage = last;
    }
}

fn words(rest: &str) -> Result<String, String> {
    if rest.starts_with('"') {
        return serde_json::from_str(rest)
            .map_err(|problem| format!("the quotes do not hold a JSON string ({problem})"));
    }
    Ok(rest.to_owned())
}

fn number(rest: &str, most: usize) -> Result<usize, String> {
    let number = rest.parse().map_err(|_| "it needs a number".to_owned())?;
    if number > most {
        Err(format!("{number} is too many"))
    } else {
        Ok(number)
    }
}

fn duration(rest: &str) -> Result<Duration, String> {
    let digits = rest
        .find(|character: char| !character.is_ascii_digit() && character != '.')
        .unwrap_or(rest.len());
    let (amount, unit) = rest.split_at(digits);
    let seconds = match unit {
        "ms" => 0.001,
        "s" => 1.0,
        "m" => 60.0,
        "" if amount.parse() == Ok(0.0) => 0.0,
        _ => return Err("it needs a duration such as 20ms or 2s".to_owned()),
    };
    let amount: f64 = amount
        .parse()
        .map_err(|_| "it needs a duration such as 20ms or 2s".to_owned())?;
    Duration::try_from_secs_f64(amount * seconds).map_err(|problem| problem.to_string())
}

#[cfg(test)]
#[path = "parse/tests.rs"]
mod tests;
