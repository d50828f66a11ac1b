//! Patterns of paths. One without a `/` is about the name of a file or directory, at any depth; another one about
//! the whole path. `*` stands for any characters of a name, `?` for one, `**` for any number of directories.

/// What stands for any number of directories in a pattern.
const ANY_DEPTH: &str = "**";

/// Whether a pattern has a meaning; the reason otherwise.
///
/// # Errors
/// What is wrong with it, in words.
pub(crate) fn check(glob: &str) -> Result<(), String> {
    if let Some(other) = glob.chars().find(|one| matches!(one, '[' | ']' | '{' | '}' | '\\' | '!')) {
        return Err(format!("`{other}` has no meaning here: a pattern has `*`, `?` and `**`"));
    }
    let bare = bare(glob);
    if bare.split('/').any(|name| matches!(name, "" | "." | "..")) {
        return Err("a pattern is a name, or names with `/` between them".to_owned());
    }
    Ok(())
}

/// A pattern without what says only that it is about a directory, or about the whole path.
fn bare(glob: &str) -> &str {
    let glob = glob.strip_prefix("./").or_else(|| glob.strip_prefix('/')).unwrap_or(glob);
    glob.strip_suffix('/').unwrap_or(glob)
}

/// Whether a path, which has only names in it, fits a pattern.
pub(crate) fn matches(glob: &str, path: &[&str]) -> bool {
    let pattern: Vec<&str> = bare(glob).split('/').collect();
    match (pattern.as_slice(), path.last()) {
        ([name], Some(last)) if !glob.starts_with('/') && !glob.starts_with("./") => matches_name(name, last),
        (pattern, _) => matches_path(pattern, path),
    }
}

/// Whether a path fits, in time that grows with both lengths only: the numbers of names that the pattern so far may have
/// taken are followed together.
fn matches_path(pattern: &[&str], path: &[&str]) -> bool {
    let mut taken = vec![false; path.len() + 1];
    taken[0] = true;
    for (at, part) in pattern.iter().enumerate() {
        let mut next = vec![false; path.len() + 1];
        if *part == ANY_DEPTH {
            // At the end it is what is in a directory, not the directory itself.
            let least = usize::from(at + 1 == pattern.len());
            let first = taken.iter().position(|is_taken| *is_taken).map_or(next.len(), |first| first + least);
            next.iter_mut().skip(first).for_each(|is_taken| *is_taken = true);
        } else {
            for (position, name) in path.iter().enumerate() {
                next[position + 1] = taken[position] && matches_name(part, name);
            }
        }
        taken = next;
    }
    taken.last() == Some(&true)
}

/// Whether a name fits, in time that grows with both lengths only.
pub(crate) fn matches_name(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut at, mut position) = (0, 0);
    // Where the last `*` stands, and what it has taken so far.
    let mut star: Option<(usize, usize)> = None;
    while let Some(character) = name.get(position) {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, position));
                at += 1;
            }
            Some(one) if *one == '?' || one == character => {
                at += 1;
                position += 1;
            }
            _ => match star.as_mut() {
                Some((place, taken)) => {
                    *taken += 1;
                    (at, position) = (*place + 1, *taken);
                }
                None => return false,
            },
        }
    }
    pattern.get(at..).unwrap_or_default().iter().all(|one| *one == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_met(glob: &str, path: &str) -> bool {
        check(glob).unwrap();
        matches(glob, &path.split('/').collect::<Vec<_>>())
    }

    #[test]
    fn a_name_is_met_at_any_depth_and_a_path_as_a_whole() {
        for (glob, path) in [
            ("charts", "charts"),
            ("charts", "team/charts"),
            ("charts/", "team/charts"),
            ("*.json", "a/b.json"),
            ("te?t", "a/test"),
            ("a*b*c", "aXbXbXc"),
            ("team/*.yaml", "team/a.yaml"),
            ("team/**", "team/a/b.yaml"),
            ("**/old/*.yaml", "old/a.yaml"),
            ("**/old/*.yaml", "x/y/old/a.yaml"),
            ("a/**/b", "a/b"),
            ("a/**/b", "a/x/y/b"),
            ("/a.yaml", "a.yaml"),
            ("./a.yaml", "a.yaml"),
            ("**", "a"),
        ] {
            assert!(is_met(glob, path), "{glob} {path}");
        }
        for (glob, path) in [
            ("charts", "charts.yaml"),
            ("*.json", "a.yaml"),
            ("te?t", "tet"),
            ("team/*.yaml", "other/team/a.yaml"),
            ("team/*.yaml", "team/a/b.yaml"),
            ("team/**", "team"),
            ("/a.yaml", "b/a.yaml"),
            ("./a.yaml", "b/a.yaml"),
            ("a/**/b", "a/x"),
        ] {
            assert!(!is_met(glob, path), "{glob} {path}");
        }
        let slow = "*a".repeat(200);
        assert!(!is_met(&slow, &"a".repeat(199)));
        let deep = "**/a/".repeat(40) + "b";
        assert!(!is_met(&deep, &["a"; 80].join("/")));
    }

    #[test]
    fn a_pattern_of_another_tool_is_refused() {
        for glob in ["[ab].yaml", "{a,b}", "!a", "a\\b", "", "/", "../a", "a//b", "a/./b"] {
            assert!(check(glob).is_err(), "{glob}");
        }
    }
}
