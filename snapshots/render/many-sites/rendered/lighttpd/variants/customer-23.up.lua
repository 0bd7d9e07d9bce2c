do -- fence variant=up generation=0 site=customer-23 (generated, do not edit)
end
