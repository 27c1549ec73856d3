//! Names of people who do not exist.

pub(crate) const FEMALE: &[&str] = &[
    "Amelia", "Olivia", "Isla", "Ava", "Grace", "Fatima", "Priya", "Margaret", "Susan", "Joan", "Dorothy", "Patricia",
    "Zainab", "Chloe", "Sophie", "Hannah", "Ruth", "Eileen", "Agnieszka", "Mei", "Ngozi", "Aisha", "Carol", "Linda",
];
pub(crate) const MALE: &[&str] = &[
    "Oliver", "George", "Harry", "Noah", "Jack", "Mohammed", "Arjun", "John", "David", "Peter", "Kenneth", "Brian",
    "Yusuf", "Liam", "Thomas", "Samuel", "Derek", "Alan", "Piotr", "Wei", "Chidi", "Imran", "Stephen", "Paul",
];
pub(crate) const LAST: &[&str] = &[
    "Ashworth", "Barraclough", "Clegg", "Dyson", "Entwistle", "Fairclough", "Greenhalgh", "Hargreaves", "Illingworth",
    "Jowett", "Kershaw", "Lumb", "Midgley", "Naylor", "Ogden", "Pickles", "Quarmby", "Ramsden", "Sutcliffe",
    "Thackray", "Uttley", "Varley", "Whitaker", "Yewdall", "Khan", "Patel", "Hussain", "Begum", "Okafor", "Kowalski",
];
