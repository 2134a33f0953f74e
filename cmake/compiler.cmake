# Warnings, sanitizers and linking, the same for every target.
option(WICK_FUZZ "Build the libFuzzer targets" OFF)
set(WICK_SANITIZE "" CACHE STRING "Sanitizers for every target: address,undefined or thread")

find_program(CCACHE ccache)
if(CCACHE)
  # Paths relative to the checkout, so that another checkout finds what this one compiled.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${CMAKE_CXX_COMPILER_LAUNCHER})
endif()

add_compile_options(
  -Wall -Wextra -Wpedantic -Werror -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor -Wunused-result
  -Wthread-safety -Wno-c23-extensions # #embed
  -fno-omit-frame-pointer -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
add_compile_definitions(WICK_VERSION="${PROJECT_VERSION}" BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_COROUTINE)
add_link_options(-fuse-ld=lld)
if(WICK_SANITIZE)
  add_compile_options(-fsanitize=${WICK_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${WICK_SANITIZE})
endif()
if(WICK_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
