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
      "sources": ["native/psp_probe.cpp"]
    },
    {
      "target_name": "psp_native",
      "sources": ["native/psp_native.cpp", "native/psp_runtime.cpp"],
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
