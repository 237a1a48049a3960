{
  "target_defaults": {
      "include_dirs": ["native", "<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["NAPI_VERSION=8", "NAPI_CPP_EXCEPTIONS"],
      "cflags!": ["-fno-exceptions"],
      "cflags_cc!": ["-fno-exceptions", "-fno-rtti", "-std=gnu++17"],
      "cflags": ["<!@(pkg-config --cflags libdpdk)"],
      "cflags_cc": ["-std=gnu++20", "-O3", "-Wall", "-Wextra", "-Wno-volatile", "-Wno-missing-field-initializers"]
  },
  "targets": [
    {
      "target_name": "psp_probe",
      "sources": ["native/base/clock.cpp", "native/probe/addon.cpp", "native/probe/probe_world.cpp", "native/probe/ring_hops.cpp", "native/net/frame.cpp"]
    },
    {
      "target_name": "psp_native",
      "sources": [
        "native/addon/addon.cpp",
        "native/addon/dispatcher_net.cpp",
        "native/addon/load_binding.cpp",
        "native/addon/server_binding.cpp",
        "native/apps/application.cpp",
        "native/apps/built_in.cpp",
        "native/apps/rocksdb_app.cpp",
        "native/base/clock.cpp",
        "native/client/load_generator.cpp",
        "native/client/load_thread.cpp",
        "native/net/eal.cpp",
        "native/net/frame.cpp",
        "native/net/memif_rings.cpp",
        "native/net/port.cpp",
        "native/server/net_loop.cpp",
        "native/server/net_thread.cpp",
        "native/server/server.cpp",
        "native/server/worker_thread.cpp"
      ],
      "libraries": ["<!@(pkg-config --libs libdpdk)"],
      "conditions": [
        [
          "'<!(pkg-config --exists rocksdb && echo yes || echo no)'=='yes'",
          { "defines": ["PSP_HAVE_ROCKSDB"], "libraries": ["<!@(pkg-config --libs rocksdb)"] }
        ]
      ]
    }
  ]
}
