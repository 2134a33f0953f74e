add_custom_target(unit_tests)  # every wick_NAME_test

# wick_part(NAME DEPS...): one folder under src/ becomes the library wick_NAME from its *.cpp files (recursively) and, when
# it has *_test.cpp files, the test program wick_NAME_test. A folder named in EXCLUDE is built by its own CMakeLists.txt.
function(wick_part name)
  cmake_parse_arguments(arg "" "" "DEPS;EXCLUDE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  foreach(folder ${arg_EXCLUDE})
    list(FILTER sources EXCLUDE REGEX "/${name}/${folder}/")
  endforeach()
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
  if(sources)
    add_library(wick_${name} STATIC ${sources})
    target_link_libraries(wick_${name} PUBLIC ${arg_DEPS})
  else()
    add_library(wick_${name} INTERFACE)
    target_link_libraries(wick_${name} INTERFACE ${arg_DEPS})
  endif()
  if(tests)
    add_executable(wick_${name}_test ${tests})
    target_link_libraries(wick_${name}_test PRIVATE wick_${name} GTest::gmock_main)
    add_dependencies(unit_tests wick_${name}_test)
    add_test(NAME unit/${name} COMMAND wick_${name}_test)
    set_tests_properties(unit/${name} PROPERTIES LABELS unit TIMEOUT 300
      ENVIRONMENT "TSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/cmake/tsan.supp")
  endif()
endfunction()
