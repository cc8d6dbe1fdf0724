//! Server functions: the pages' reads and writes. Each is a thin call of the `platform` method of the same name,
//! lives under `/api/page/<endpoint>`, and fails with an `AppError`.
