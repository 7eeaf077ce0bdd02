//! The words of conda's history: lists of specs, and the channels of a command line.

/// conda writes lists as Python does, mamba as JSON does: words in quotes of either kind.
pub(super) fn list_after(line: &str, beginning: &str) -> Option<Vec<String>> {
    let list = line.strip_prefix(beginning)?.trim();
    let mut words = Vec::new();
    let mut rest = list.strip_prefix('[')?;
    while let Some(start) = rest.find(['"', '\'']) {
        let quote = &rest[start..=start];
        let Some(length) = rest[start + 1..].find(quote) else { break };
        words.push(rest[start + 1..start + 1 + length].to_owned());
        rest = &rest[start + length + 2..];
    }
    Some(words)
}

/// `-c X`, `--channel X` and `--channel=X` of a client's command line.
pub(super) fn channels(command: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut words = command.split_whitespace();
    while let Some(word) = words.next() {
        if word == "-c" || word == "--channel" {
            found.extend(words.next().map(str::to_owned));
        } else if let Some(channel) = word.strip_prefix("--channel=") {
            found.push(channel.to_owned());
        }
    }
    found
}
