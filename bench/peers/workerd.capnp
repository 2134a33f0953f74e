using Workerd = import "/workerd/workerd.capnp";

const hello :Workerd.Config = (
  services = [(name = "hello", worker = (
    compatibilityDate = "2026-01-01",
    modules = [(name = "hello", esModule = embed "hello.workerd.js")]
  ))],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "hello")]
);

const isolates :Workerd.Config = (
  services = [(name = "isolates", worker = (
    compatibilityDate = "2026-01-01",
    modules = [(name = "isolate", esModule = embed "isolate.workerd.js")],
    bindings = [(name = "LOADER", workerLoader = ())]
  ))],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "isolates")]
);
