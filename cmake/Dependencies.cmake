# Everything the program links, found once. Debian 12's packages; scripts/setup installs them.
find_program(CCACHE ccache)
if(CCACHE)
  # These let ccache see through precompiled headers and share hits between checkouts.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_NOHASHDIR=1
    CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}
    CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE})
endif()

find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json)
find_package(OpenSSL REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(simdjson REQUIRED)
find_package(CLI11 REQUIRED)
find_package(mimalloc REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(RE2 REQUIRED IMPORTED_TARGET re2)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(UTF8PROC REQUIRED IMPORTED_TARGET libutf8proc)
pkg_check_modules(TOMLPP REQUIRED IMPORTED_TARGET tomlplusplus)

# libtorch, for the training program: Debian's 1.13, or any 2.x named by -DCMAKE_PREFIX_PATH.
find_package(Torch QUIET)
find_package(OpenMP QUIET COMPONENTS CXX)
if(NOT TORCH_FOUND)
  message(STATUS "libtorch not found: understudy-train is not built (package libtorch-dev)")
endif()

# faiss, for the clustering program. Debian's package has a static library and no CMake files; faiss'
# own installation has them.
find_package(faiss QUIET CONFIG)
if(NOT TARGET faiss)
  find_library(FAISS_LIBRARY faiss)
  find_path(FAISS_HEADERS faiss/IndexFlat.h)
  find_package(LAPACK QUIET)
  if(FAISS_LIBRARY AND FAISS_HEADERS AND LAPACK_FOUND AND OpenMP_CXX_FOUND)
    add_library(faiss UNKNOWN IMPORTED)
    set_target_properties(faiss PROPERTIES IMPORTED_LOCATION ${FAISS_LIBRARY}
      INTERFACE_INCLUDE_DIRECTORIES ${FAISS_HEADERS})
    target_link_libraries(faiss INTERFACE LAPACK::LAPACK OpenMP::OpenMP_CXX)
  endif()
endif()
if(NOT TARGET faiss)
  message(STATUS "faiss not found: understudy-cluster is not built (package libfaiss-dev)")
endif()

# Flags that hold for every target of ours.
add_library(understudy_flags INTERFACE)
target_include_directories(understudy_flags INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_options(understudy_flags INTERFACE
  -pthread -Wall -Wextra -Wno-missing-field-initializers)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  # Haswell (2013) and later, and what simdjson needs beside: without it, it parses byte by byte.
  target_compile_options(understudy_flags INTERFACE -march=x86-64-v3 -mpclmul)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # These warnings: coroutine frames and moved strings trip them in g++ 12 without cause. The last flag is for ccache.
  target_compile_options(understudy_flags INTERFACE -fpch-preprocess -Wno-maybe-uninitialized
    -Wno-dangling-pointer -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread -Wno-restrict)
endif()
target_compile_definitions(understudy_flags INTERFACE
  BOOST_ASIO_NO_DEPRECATED UNDERSTUDY_VERSION="${PROJECT_VERSION}")
target_link_libraries(understudy_flags INTERFACE Threads::Threads)

if(UNDERSTUDY_SANITIZE)
  add_compile_options(-fsanitize=${UNDERSTUDY_SANITIZE} -fno-omit-frame-pointer -g1)
  add_link_options(-fsanitize=${UNDERSTUDY_SANITIZE})
  if(UNDERSTUDY_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
  if(UNDERSTUDY_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-tsan)  # Asio's fences, which come on top of its mutexes
  endif()
endif()

find_program(MOLD mold)
if(MOLD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_link_options(-fuse-ld=mold)
endif()
