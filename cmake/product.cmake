# What users get: the program, the shared and the static library, and the folder layout by which the program finds its
# headers and the DuckDB library relative to itself:
#
#     build tree   build/neuralake       build/include ─▶ include/   build/lib/neuralake/libduckdb.so ─▶ where it is
#     installed    PREFIX/bin/neuralake  PREFIX/include/             PREFIX/lib/neuralake/libduckdb.so
set(LIBRARY_ROOMS ${ROOMS})
list(FILTER LIBRARY_ROOMS EXCLUDE REGEX "^(cli$|server/)") # programs are not for linking

# ── the shared library ──
add_library(neuralake_shared SHARED)
take_rooms(neuralake_shared ${LIBRARY_ROOMS})
set_target_properties(neuralake_shared PROPERTIES OUTPUT_NAME neuralake VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR} LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
if(NOT NEURALAKE_SANITIZE)
    target_link_options(neuralake_shared PRIVATE -Wl,-z,defs)
endif()

# ── the static library: one relocatable object whose hidden symbols are local, so that ours never meet the user's ──
set(static_objects)
foreach(room IN LISTS LIBRARY_ROOMS)
    string(REPLACE "/" "_" id "${room}")
    if(TARGET room_${id})
        list(APPEND static_objects $<TARGET_OBJECTS:room_${id}>)
    endif()
endforeach()
add_custom_command(OUTPUT libneuralake.a
    COMMAND ${CMAKE_LINKER} -r -o neuralake_all.o ${static_objects}
    COMMAND ${CMAKE_OBJCOPY} --localize-hidden neuralake_all.o
    COMMAND ${CMAKE_COMMAND} -E rm -f libneuralake.a
    COMMAND ${CMAKE_AR} crsD libneuralake.a neuralake_all.o
    DEPENDS ${static_objects} COMMAND_EXPAND_LISTS VERBATIM)
add_custom_target(neuralake_static ALL DEPENDS libneuralake.a)

# ── the program ──
add_executable(neuralake)
take_rooms(neuralake ${ROOMS})
set_target_properties(neuralake PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})

# ── what the program says about itself: the manual page and the completions ──
set(PAPERS share/man/man1/neuralake.1 share/bash-completion/completions/neuralake share/zsh/site-functions/_neuralake)
set(share ${PROJECT_BINARY_DIR}/share)
file(MAKE_DIRECTORY ${share}/man/man1 ${share}/bash-completion/completions ${share}/zsh/site-functions)
add_custom_command(OUTPUT ${PAPERS}
    COMMAND neuralake --man > share/man/man1/neuralake.1
    COMMAND neuralake --completion bash > share/bash-completion/completions/neuralake
    COMMAND neuralake --completion zsh > share/zsh/site-functions/_neuralake
    DEPENDS neuralake VERBATIM)
if(NOT NEURALAKE_SANITIZE)
    add_custom_target(neuralake_papers ALL DEPENDS ${PAPERS})
endif()

# ── the folders beside the program ──
# The link to DuckDB may dangle until `npm ci` has run: everything but SQL works without it.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
    set(DUCKDB_LIBRARY ${PROJECT_SOURCE_DIR}/node_modules/@duckdb/node-bindings-linux-arm64/libduckdb.so)
else()
    set(DUCKDB_LIBRARY ${PROJECT_SOURCE_DIR}/node_modules/@duckdb/node-bindings-linux-x64/libduckdb.so)
endif()
if(DUCKDB_ROOT)
    foreach(candidate ${DUCKDB_ROOT}/lib/libduckdb.so ${DUCKDB_ROOT}/libduckdb.so)
        if(EXISTS ${candidate})
            set(DUCKDB_LIBRARY ${candidate})
        endif()
    endforeach()
endif()
file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/lib/neuralake)
if(NEURALAKE_SANITIZE MATCHES "thread")
    # DuckDB is not instrumented: its own threads would look like races. Tests that need it see it missing, and skip.
    file(REMOVE ${PROJECT_BINARY_DIR}/lib/neuralake/libduckdb.so)
else()
    file(CREATE_LINK ${DUCKDB_LIBRARY} ${PROJECT_BINARY_DIR}/lib/neuralake/libduckdb.so SYMBOLIC)
endif()
file(CREATE_LINK ${PROJECT_SOURCE_DIR}/include ${PROJECT_BINARY_DIR}/include SYMBOLIC)
# The demo copies its catalog from here.
file(MAKE_DIRECTORY ${share}/neuralake)
file(CREATE_LINK ${PROJECT_SOURCE_DIR}/examples/demo ${share}/neuralake/demo SYMBOLIC)

# ── installing ──
# pkg-config: the shared library needs nothing more; who links the static one asks with --static for the rest, which is
# linked dynamically all the same: each by its name, since their own --static lists want more than Debian's packages bring.
set(PC_LIBS)
foreach(room IN LISTS LIBRARY_ROOMS)
    string(REPLACE "/" "_" id "${room}")
    foreach(dep IN LISTS DEPS_${id})
        string(REGEX REPLACE "^lib" "" name ${dep})
        list(APPEND PC_LIBS -l${name})
    endforeach()
endforeach()
list(APPEND PC_LIBS -lm -ldl -lpthread)
list(REMOVE_DUPLICATES PC_LIBS)
list(JOIN PC_LIBS " " PC_LIBS)
configure_file(cmake/neuralake.pc.in neuralake.pc @ONLY)

install(TARGETS neuralake neuralake_shared)
install(FILES ${PROJECT_BINARY_DIR}/libneuralake.a DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/neuralake DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(FILES ${PROJECT_BINARY_DIR}/neuralake.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
if(NOT NEURALAKE_SANITIZE)
    install(DIRECTORY ${share}/man ${share}/bash-completion ${share}/zsh DESTINATION share)
endif()
# Schemas for editors, and whatever else is data for users.
if(EXISTS ${PROJECT_SOURCE_DIR}/share)
    install(DIRECTORY share/ DESTINATION share/neuralake)
endif()
install(DIRECTORY examples/demo DESTINATION share/neuralake)
install(FILES LICENSE DESTINATION share/doc/neuralake OPTIONAL)
# The program looks for lib/neuralake, whatever the distribution calls its library folder. The library is looked for when
# installing, since npm may have fetched it after the configuration.
install(CODE "
    if(EXISTS \"${DUCKDB_LIBRARY}\")
        file(INSTALL \"${DUCKDB_LIBRARY}\" DESTINATION \"\${CMAKE_INSTALL_PREFIX}/lib/neuralake\" FOLLOW_SYMLINK_CHAIN)
    else()
        message(WARNING \"No DuckDB library at ${DUCKDB_LIBRARY}: SQL will not work (scripts/setup.sh run fetches it)\")
    endif()")
