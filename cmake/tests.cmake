# Every tests/<room>/**/<stem>.c that has a main() is one program: test_<room>_…_<stem>, linked with its room and the
# rooms below (in other folders: with all of them), tests/support and cmocka; ctest labels it with its room. Sources
# without a main() are helpers of all tests of their folder.
pkg_check_modules(cmocka QUIET IMPORTED_TARGET GLOBAL cmocka)
if(NOT cmocka_FOUND)
    message(STATUS "cmocka is missing: no tests (scripts/setup.sh test installs it)")
    return()
endif()

# Calls that tests/support/fault.c can make fail, in our code and the tests' own, not inside libraries.
set(FAULT_CALLS malloc calloc realloc reallocarray aligned_alloc posix_memalign strdup strndup asprintf vasprintf
    open openat creat mkostemp read readv pread preadv write writev pwrite pwritev fsync fdatasync close ftruncate fallocate
    rename renameat renameat2 link linkat symlink unlink unlinkat mkdir mkdirat rmdir fstat lseek mmap flock
    fopen fdopen fread fwrite fflush fclose opendir fdopendir copy_file_range sendfile fsetxattr fgetxattr
    socket bind listen accept4 connect send recv poll pipe2 getrandom)
list(TRANSFORM FAULT_CALLS PREPEND "-Wl,--wrap=" OUTPUT_VARIABLE FAULT_FLAGS)

file(GLOB support_sources CONFIGURE_DEPENDS tests/support/*.c)
list(FILTER support_sources EXCLUDE REGEX "/fuzz_main\\.c$")
add_library(test_support STATIC EXCLUDE_FROM_ALL ${support_sources})
target_include_directories(test_support PUBLIC tests)
target_compile_definitions(test_support PRIVATE TEST_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
    TEST_BUILD_DIR="${PROJECT_BINARY_DIR}" TEST_SANITIZE="${NEURALAKE_SANITIZE}")
target_link_libraries(test_support PUBLIC neuralake_headers PkgConfig::cmocka Threads::Threads)

# test_environment(NAME SOURCE LABEL…): what every test gets. A line "ctest: LABEL…" in its source adds labels; what makes
# calls fail has the label "fault"; "duckdb" is for tests that make no sense without DuckDB, which the thread sanitizer's run leaves out.
function(test_environment name source)
    set(labels ${ARGN})
    file(STRINGS ${source} extra REGEX "ctest: [a-z]" LIMIT_COUNT 1)
    if(extra)
        string(REGEX REPLACE ".*ctest: ([a-z ]*).*" "\\1" extra "${extra}")
        separate_arguments(extra)
        list(APPEND labels ${extra})
    endif()
    file(STRINGS ${source} faults REGEX "FAULT_LOOP|fault_arm" LIMIT_COUNT 1)
    if(faults)
        list(APPEND labels fault)
        list(REMOVE_DUPLICATES labels)
    endif()
    if("sql" IN_LIST labels)
        list(APPEND labels duckdb)
    endif()
    set(environment NEURALAKE=${PROJECT_BINARY_DIR}/neuralake LC_ALL=C.UTF-8
        ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1:detect_leaks=1
        UBSAN_OPTIONS=print_stacktrace=1
        TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1:suppressions=${PROJECT_SOURCE_DIR}/cmake/tsan.supp
        LSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/cmake/lsan.supp:print_suppressions=0)
    set_tests_properties(${name} PROPERTIES LABELS "${labels}" TIMEOUT 300 SKIP_RETURN_CODE 77
        ENVIRONMENT "${environment}")
endfunction()

# test_room(PATH OUT): the longest room that the path below tests/ begins with, or ALL.
function(test_room path out)
    set(best ALL)
    set(length 0)
    foreach(room IN LISTS ROOMS)
        string(LENGTH ${room} n)
        if(path MATCHES "^${room}/" AND n GREATER length)
            set(best ${room})
            set(length ${n})
        endif()
    endforeach()
    set(${out} ${best} PARENT_SCOPE)
endfunction()

file(GLOB_RECURSE test_sources RELATIVE ${PROJECT_SOURCE_DIR}/tests CONFIGURE_DEPENDS tests/*.c)
list(FILTER test_sources EXCLUDE REGEX "^(support|fuzz|kernels|scripts)/")
set(programs)
foreach(path IN LISTS test_sources)
    file(STRINGS tests/${path} has_main REGEX "^(int )?main\\(")
    if(has_main)
        list(APPEND programs ${path})
    else()
        # It may get a main() later.
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS tests/${path})
        get_filename_component(folder ${path} DIRECTORY)
        list(APPEND HELPERS_${folder} ${PROJECT_SOURCE_DIR}/tests/${path})
    endif()
endforeach()

foreach(path IN LISTS programs)
    test_room(${path} room)
    if(NEURALAKE_ONLY_ROOMS AND NOT room IN_LIST NEURALAKE_ONLY_ROOMS)
        continue()
    endif()
    string(REGEX REPLACE "\\.c$" "" stem ${path})
    string(REPLACE "/" "_" id ${stem})
    set(one tests/${path})
    simd_sources(one)
    if(NOT one)
        continue()
    endif()
    get_filename_component(folder ${path} DIRECTORY)
    add_executable(test_${id} ${one} ${HELPERS_${folder}})
    set_target_properties(test_${id} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
    target_link_libraries(test_${id} PRIVATE test_support)
    string(REPLACE "/" "_" room_id ${room})
    link_rooms(test_${id} ${ROOM_${room_id}_SEES})
    target_link_libraries(test_${id} PRIVATE test_support)
    target_link_options(test_${id} PRIVATE ${FAULT_FLAGS})
    add_test(NAME test_${id} COMMAND test_${id})
    if(room STREQUAL ALL)
        string(REGEX REPLACE "/.*" "" room ${path})
    endif()
    test_environment(test_${id} ${PROJECT_SOURCE_DIR}/tests/${path} ${room})
endforeach()

if(NEURALAKE_ONLY_ROOMS)
    return() # what follows needs the whole product
endif()

# ── programs and scripts that drive the whole: exit code 77 means skipped ──
file(GLOB scripts RELATIVE ${PROJECT_SOURCE_DIR}/tests CONFIGURE_DEPENDS tests/interop/*.sh tests/interop/*.py
    tests/scripts/*.sh tests/scripts/test_*.py tests/docs/*.sh tests/docs/test_*.py)
foreach(path IN LISTS scripts)
    get_filename_component(folder ${path} DIRECTORY)
    string(REGEX REPLACE "[/.]" "_" id ${path})
    add_test(NAME ${id} COMMAND ${PROJECT_SOURCE_DIR}/scripts/run_test_script.sh ${PROJECT_SOURCE_DIR}/tests/${path}
        WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    test_environment(${id} ${PROJECT_SOURCE_DIR}/tests/${path} ${folder})
endforeach()

# ── fuzz targets: libFuzzer where asked for, else a driver that runs the corpus as a test ──
file(GLOB fuzzers RELATIVE ${PROJECT_SOURCE_DIR}/tests/fuzz CONFIGURE_DEPENDS tests/fuzz/*.c)
foreach(path IN LISTS fuzzers)
    get_filename_component(stem ${path} NAME_WE)
    add_executable(fuzz_${stem} tests/fuzz/${path})
    set_target_properties(fuzz_${stem} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/fuzz)
    target_include_directories(fuzz_${stem} PRIVATE tests)
    if(NEURALAKE_FUZZ)
        target_link_options(fuzz_${stem} PRIVATE -fsanitize=fuzzer)
    else()
        target_sources(fuzz_${stem} PRIVATE tests/support/fuzz_main.c)
        add_test(NAME fuzz_${stem} COMMAND fuzz_${stem} ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${stem})
        test_environment(fuzz_${stem} ${PROJECT_SOURCE_DIR}/tests/fuzz/${path} fuzz)
    endif()
    link_rooms(fuzz_${stem} ${ROOM_ALL_SEES})
endforeach()

# ── public headers, each alone, under the strictest flags, as C and where there is a compiler as C++ ──
file(GLOB public_headers RELATIVE ${PROJECT_SOURCE_DIR}/include CONFIGURE_DEPENDS include/neuralake/*.h)
foreach(header IN LISTS public_headers)
    string(REGEX REPLACE "[/.]" "_" id ${header})
    set(source ${PROJECT_BINARY_DIR}/headers/${id}.c)
    file(CONFIGURE OUTPUT ${source} CONTENT "#include <${header}>\nint ${id}(void);\nint ${id}(void)\n{\n    return 0;\n}\n")
    list(APPEND header_sources ${source})
endforeach()
add_library(public_headers OBJECT ${header_sources})
target_include_directories(public_headers PRIVATE include)
target_compile_options(public_headers PRIVATE -Wpedantic -Wconversion -Wcast-qual -Wc++-compat)

# ── examples: programs that see the public headers and the shared library only ──
file(GLOB_RECURSE examples RELATIVE ${PROJECT_SOURCE_DIR}/examples CONFIGURE_DEPENDS examples/*.c)
foreach(path IN LISTS examples)
    file(STRINGS examples/${path} has_main REGEX "^(int )?main\\(")
    if(has_main AND TARGET neuralake_shared)
        string(REGEX REPLACE "\\.c$" "" id ${path})
        string(REPLACE "/" "_" id ${id})
        add_executable(example_${id} examples/${path})
        target_include_directories(example_${id} PRIVATE include)
        target_link_libraries(example_${id} PRIVATE neuralake_shared)
        set_target_properties(example_${id} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/examples)
    endif()
endforeach()
