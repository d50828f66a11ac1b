//! The problems of one object. The first are told one by one; of those behind them it is known how many there are of each
//! code, so that an object of nothing but mistakes takes no more memory than others of its size.

use super::problem::Problem;

/// How many problems of an object are told one by one.
pub(in crate::parser) const MOST_TOLD: usize = 100;

/// What is wrong with an object.
#[derive(Debug, Default)]
pub(in crate::parser) struct Problems {
    first: Vec<Problem>,
    /// The first of each code behind those, and how many more there are of it.
    further: Vec<(Problem, usize)>,
}

impl Problems {
    /// Adds a problem.
    pub(in crate::parser) fn push(&mut self, problem: Problem) {
        self.add(problem, 0);
    }

    /// Adds what was found by somebody else.
    pub(in crate::parser) fn append(&mut self, other: Self) {
        other.first.into_iter().for_each(|problem| self.push(problem));
        other.further.into_iter().for_each(|(problem, more)| self.add(problem, more));
    }

    fn add(&mut self, problem: Problem, more: usize) {
        if self.first.len() < MOST_TOLD && more == 0 {
            return self.first.push(problem);
        }
        match self.further.iter_mut().find(|(known, _)| known.code == problem.code) {
            Some((_, count)) => *count += more + 1,
            None => self.further.push((problem, more)),
        }
    }

    /// Whether nothing is wrong.
    pub(in crate::parser) fn is_empty(&self) -> bool {
        self.first.is_empty() && self.further.is_empty()
    }

    /// Those that are known.
    pub(in crate::parser) fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.first.iter().chain(self.further.iter().map(|(problem, _)| problem))
    }

    /// Whether nobody knows where some of those are that are like one of these: all of a code are alike in that.
    pub(in crate::parser) fn hide(&self, is_one: impl Fn(&Problem) -> bool) -> bool {
        self.further.iter().any(|(problem, more)| *more > 0 && is_one(problem))
    }

    /// What is to be told.
    pub(in crate::parser) fn into_told(self) -> impl Iterator<Item = Problem> {
        let further = self.further.into_iter().map(|(mut problem, more)| {
            if more > 0 {
                let plural = if more == 1 { "" } else { "s" };
                problem.message.push_str(&format!(", and {more} more problem{plural} of this code in the object"));
            }
            problem
        });
        self.first.into_iter().chain(further)
    }
}

impl FromIterator<Problem> for Problems {
    fn from_iter<I: IntoIterator<Item = Problem>>(problems: I) -> Self {
        let mut all = Self::default();
        problems.into_iter().for_each(|problem| all.push(problem));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST_TOLD, Problems};
    use crate::diagnostics::{Code, codes};
    use crate::parser::schema::Problem;
    use crate::path;

    fn problem(code: Code, number: usize) -> Problem {
        Problem::new(code, path!["spec", number], format!("problem {number}"))
    }

    #[test]
    fn the_first_are_told_and_the_others_counted_by_their_codes() {
        let code = |number: usize| if number.is_multiple_of(4) { codes::OUT_OF_BOUNDS } else { codes::WRONG_TYPE };
        let mut all = Problems::default();
        all.append((0..1_000).map(|number| problem(code(number), number)).collect());
        assert_eq!(all.iter().count(), MOST_TOLD + 2);
        assert!(all.hide(|problem| problem.code == codes::WRONG_TYPE));
        assert!(!all.hide(|problem| problem.code == codes::MISSING_FIELD));
        let told: Vec<Problem> = all.into_told().collect();
        assert_eq!(told[99].message, "problem 99");
        let last: Vec<&str> = told[MOST_TOLD..].iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(
            last,
            [
                "problem 100, and 224 more problems of this code in the object",
                "problem 101, and 674 more problems of this code in the object"
            ]
        );
    }

    #[test]
    fn a_problem_that_is_alone_of_its_code_is_told_in_full() {
        let many = (0..MOST_TOLD).map(|number| problem(codes::WRONG_TYPE, number));
        let all: Problems = many.chain([problem(codes::MISSING_FIELD, 7)]).collect();
        assert!(!all.hide(|_| true) && !all.is_empty());
        assert_eq!(all.into_told().last().map(|problem| problem.message), Some("problem 7".to_owned()));
    }
}
